"""The pages and their files, as they lie in `web/`; nothing else of it is served."""

import hashlib
import re
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response

from api import outbox
from api.bodies import StrictRoute
from api.deps import Anyone, Ours
from api.problems import not_found

router = APIRouter()

WEB = Path(__file__).parent.parent / "web"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_AT_THE_ROOT = {
    "/": "index.html",
    "/inbox": "inbox.html",
    "/preferences": "preferences.html",
    "/outbox": "outbox.html",
    "/offline": "offline.html",
    "/bell.js": "bell.js",
    "/sw.js": "sw.js",
    "/manifest.webmanifest": "manifest.webmanifest",
}
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")

# The element is meant for pages of other origins, which load it as a module.
_FOR_ANY_PAGE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def _policy(host: str, *, styles: str) -> str:
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        f"default-src 'self'; style-src {styles}; img-src 'self' data:; connect-src 'self'{sockets}; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _html_headers(request: Request, name: str) -> dict[str, str]:
    # A mail's frame inherits this policy, and mails are styled inline.
    styles = "'self' 'unsafe-inline'" if name == "outbox.html" else "'self'"
    return {
        "Content-Security-Policy": _policy(request.headers.get("host", ""), styles=styles),
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }


def _serve(request: Request, name: str) -> Response:
    """A file of `web/` by its path there; 304 when the browser has it already."""
    path = WEB / name
    content = path.read_bytes()
    headers = {
        "Cache-Control": "no-cache",
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "X-Content-Type-Options": "nosniff",
    }
    if path.suffix == ".html":
        headers |= _html_headers(request, name)
    elif name == "sw.js":
        headers["Service-Worker-Allowed"] = "/"
    elif name.startswith("bell"):
        headers |= _FOR_ANY_PAGE
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(content, headers={**headers, "Content-Type": _TYPES[path.suffix]})


def _files() -> frozenset[str]:
    paths = (path for path in WEB.rglob("*") if path.is_file() and path.suffix in _TYPES)
    return frozenset(path.relative_to(WEB).as_posix() for path in paths)


_FILES = _files()


def _at_the_root(name: str) -> Any:
    def page(request: Request) -> Response:
        return _serve(request, name)

    return page


for _path, _name in _AT_THE_ROOT.items():
    router.add_api_route(_path, _at_the_root(_name), methods=["GET", "HEAD"], include_in_schema=False)


@router.api_route("/static/{name:path}", methods=["GET", "HEAD"], include_in_schema=False)
def static(name: str, request: Request) -> Response:
    """Scripts, styles and icons."""
    if name not in _FILES or name in _AT_THE_ROOT.values():
        raise not_found()
    return _serve(request, name)


@router.api_route("/bell/{name}", methods=["GET", "HEAD"], include_in_schema=False)
def bell(name: str, request: Request) -> Response:
    """The modules that `/bell.js` imports, beside it so that they load from any page."""
    if f"bell/{name}" not in _FILES:
        raise not_found()
    return _serve(request, f"bell/{name}")


_data = APIRouter(route_class=StrictRoute, tags=["pages"])


@_data.get("/v1/demo")
async def demo(who: Anyone, ours: Ours) -> dict[str, Any]:
    """What the pages link to; the Temporal UI's address only under `punctual up`."""
    settings = ours.settings
    ui = f"http://127.0.0.1:{settings.temporal_ui_port}" if settings.demo else None
    return {"temporal_ui": ui, "tenant": who.tenant}


router.include_router(_data)
router.include_router(outbox.router)
