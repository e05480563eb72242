"""How the pages and their files are served, and what the service worker does."""

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

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


PUSH = {
    "web_push": 8030,
    "notification": {
        "title": "In 10 minutes: Visit", "body": "With Meera", "navigate": "https://user@evil.example/", "tag": "t1",
        "data": {"notification_id": "n1"},
    },
}  # fmt: skip
MOVED = {"web_push": 8030, "notification": {"title": "Moved", "navigate": "https://crm.example.com/42"}}
UNREADABLE = "Punctual: you have a new notification"
PUSHES = {
    json.dumps(PUSH): ["In 10 minutes: Visit", "With Meera", "/"],
    json.dumps(MOVED): ["Moved", "", "https://crm.example.com/42"],
    "not json": [UNREADABLE, "", "/"],
    "[1]": [UNREADABLE, "", "/"],
    '{"notification": {"title": 7, "actions": [null]}}': [UNREADABLE, "", "/"],
}

SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  for (;;) {
    const [one] = await registration.getNotifications();
    if (one) {
      one.close();
      // Closing takes a while, and would take the next one of the same tag along.
      while ((await registration.getNotifications()).length) await new Promise(again => setTimeout(again, 10));
      return [one.title, one.body, one.data.navigate.replace(location.origin, "")];
    }
    await new Promise(again => setTimeout(again, 10));
  }
}"""


@pytest.mark.service_worker
async def test_every_push_is_shown(page: Page, context: BrowserContext, site: Site) -> None:
    """Also one that cannot be read; an address that is not safe leads to the start page instead."""
    await context.grant_permissions(["notifications"], origin=site.url)
    await page.goto(site.url)
    devtools = await context.new_cdp_session(page)
    activated: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def look(event: dict[str, Any]) -> None:
        for version in event["versions"]:
            if version["status"] == "activated" and not activated.done():
                activated.set_result(version["registrationId"])

    devtools.on("ServiceWorker.workerVersionUpdated", look)
    await devtools.send("ServiceWorker.enable")
    await page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => null)")
    async with asyncio.timeout(30):
        registration = await activated
    for data, shown in PUSHES.items():
        push = {"origin": site.url, "registrationId": registration, "data": data}
        await devtools.send("ServiceWorker.deliverPushMessage", push)
        async with asyncio.timeout(30):
            assert await page.evaluate(SHOWN) == shown
