"""The application as tests make it, hundreds of times in a process."""

from fastapi import FastAPI
from starlette.routing import BaseRoute

from api.app import create_app
from resources import Resources

_routes: list[BaseRoute] = []


def application(resources: Resources) -> FastAPI:
    """An application around these resources, with the routes of the first one.

    FastAPI works out every route anew for each application, which takes longer than what most tests ask of it.
    """
    app = create_app(resources)
    if not _routes:
        _routes.extend(app.router.routes)
    app.router.routes[:] = _routes
    return app
