"""`/docs`: the API reference, served from this machine, for FastAPI's own page loads its scripts from elsewhere."""

from importlib.resources import files

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)
assets = StaticFiles(directory=str(files("fastapi_swagger") / "resources"))
"""Swagger UI itself; mounted at ASSETS."""

ASSETS = "/docs/assets"


@router.get("/docs")
async def reference() -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Punctual API",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url="/static/icons/icon.svg",
    )
