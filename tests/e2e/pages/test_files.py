"""How the pages and their files are served."""

from tests.e2e.pages.conftest import Site

TYPES = {
    "/": "text/html; charset=utf-8",
    "/inbox": "text/html; charset=utf-8",
    "/preferences": "text/html; charset=utf-8",
    "/outbox": "text/html; charset=utf-8",
    "/offline": "text/html; charset=utf-8",
    "/bell.js": "text/javascript; charset=utf-8",
    "/bell/view.js": "text/javascript; charset=utf-8",
    "/sw.js": "text/javascript; charset=utf-8",
    "/manifest.webmanifest": "application/manifest+json",
    "/static/style.css": "text/css; charset=utf-8",
    "/static/icons/icon-192.png": "image/png",
}


async def test_a_file_is_served_as_what_it_is_and_sent_once(site: Site) -> None:
    """The right type, no sniffing, and a 304 for whoever has it."""
    for path, type_ in TYPES.items():
        first = await site.get(path, role="")
        assert (first.status_code, first.headers["content-type"]) == (200, type_), path
        assert first.headers["cache-control"] == "no-cache"
        assert first.headers["x-content-type-options"] == "nosniff"
        again = await site.get(path, role="", if_none_match=first.headers["etag"])
        assert (again.status_code, again.content) == (304, b""), path


async def test_pages_allow_no_foreign_or_inline_script_and_no_frame_around_them(site: Site) -> None:
    """The policy names our own origin only; mails, which are styled inline, relax it for styles alone."""
    own = dict.fromkeys(("/", "/inbox", "/preferences", "/offline"), "'self'")
    for path, styles in {**own, "/outbox": "'self' 'unsafe-inline'"}.items():
        headers = (await site.get(path, role="")).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        sockets = f"{site.url.replace('http', 'ws')} {site.url.replace('http', 'wss')}"
        assert policy == {
            "default-src": "'self'", "style-src": styles, "img-src": "'self' data:",
            "connect-src": f"'self' {sockets}",
            "object-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
        }  # fmt: skip
        assert headers["referrer-policy"] == "no-referrer"


async def test_a_made_up_host_does_not_reach_the_policy(site: Site) -> None:
    """What is not a host name is left out."""
    answer = await site.get("/", role="", host="a;script-src *")
    assert "script-src" not in answer.headers["content-security-policy"]


async def test_nothing_else_is_served(site: Site) -> None:
    """Neither what has an address of its own, nor folders, nor files beside `web/`."""
    for path in ("/static/index.html", "/static/sw.js", "/static/", "/static/icons", "/static/%2e%2e/settings.py",
                 "/static//etc/passwd", "/bell/..%2fsw.js", "/bell/"):  # fmt: skip
        assert (await site.get(path, role="")).status_code == 404, path


async def test_the_service_worker_may_serve_the_whole_origin(site: Site) -> None:
    """Its scope is `/`."""
    assert (await site.get("/sw.js", role="")).headers["service-worker-allowed"] == "/"


async def test_the_demo_links_are_for_the_logged_in_and_for_up_only(site: Site) -> None:
    """No token: 401. Without `punctual up`: no Temporal UI."""
    assert (await site.get("/v1/demo", role="")).status_code == 401
    assert (await site.get("/v1/demo", role="user")).json() == {"temporal_ui": None, "tenant": "acme"}
    site.ours.settings.for_up()
    assert (await site.get("/v1/demo", role="user")).json()["temporal_ui"] == "http://127.0.0.1:8233"
