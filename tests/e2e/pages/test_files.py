"""How the pages and their files are served, and what the service worker does."""

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.e2e.pages.conftest import Site


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/outbox", "text/html; charset=utf-8"),
        ("/bell.js", "text/javascript; charset=utf-8"),
        ("/bell/view.js", "text/javascript; charset=utf-8"),
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/static/style.css", "text/css; charset=utf-8"),
        ("/static/icons/icon-192.png", "image/png"),
    ],
)
async def test_a_file_is_served_as_what_it_is_and_asked_for_once(site: Site, path: str, type_: str) -> None:
    """The right type, no sniffing, and a 304 for whoever has it."""
    first = await site.get(path, role="")
    assert first.status_code == 200
    assert first.headers["content-type"] == type_
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["x-content-type-options"] == "nosniff"
    again = await site.get(path, role="", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/", "/outbox"])
async def test_pages_allow_no_foreign_or_inline_script_and_no_frame_around_them(site: Site, path: str) -> None:
    """The policy names our own origin only."""
    headers = (await site.get(path, role="")).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == f"'self' {site.url.replace('http', 'ws')} {site.url.replace('http', 'wss')}"
    assert headers["referrer-policy"] == "no-referrer"


async def test_a_made_up_host_does_not_reach_the_policy(site: Site) -> None:
    """What is not a host name is left out."""
    answer = await site.get("/", role="", host="a;script-src *")
    assert "script-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    ["/static/index.html", "/static/../settings.py", "/static/%2e%2e/settings.py", "/bell/../sw.js", "/static/"],
)
async def test_nothing_else_is_served(site: Site, path: str) -> None:
    """Neither files beside the folder nor what has an address of its own."""
    answer = await site.get(path, role="")
    assert answer.status_code == 404 or answer.url.path == "/sw.js"


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


SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  for (;;) {
    const all = await registration.getNotifications();
    if (all.length) return all.map(one => [one.title, one.body, one.data.navigate]);
    await new Promise(requestAnimationFrame);
  }
}"""


@pytest.mark.parametrize(
    ("data", "title", "body"),
    [
        (json.dumps(PUSH), "In 10 minutes: Visit", "With Meera"),
        ("not json", "Punctual: you have a new notification", ""),
        ("[1]", "Punctual: you have a new notification", ""),
        ('{"notification": {"title": 7, "actions": [null]}}', "Punctual: you have a new notification", ""),
    ],
)
async def test_every_push_is_shown(
    page: Page, context: BrowserContext, site: Site, data: str, title: str, body: str
) -> None:
    """Also one that cannot be read; and an address that is not safe leads to the start page."""
    await context.grant_permissions(["notifications"], origin=site.url)
    await page.goto(site.url)
    devtools = await context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    await devtools.send("ServiceWorker.enable")
    await page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready)")
    registration = next(one for one in found if one["scopeURL"] == f"{site.url}/")
    push = {"origin": site.url, "registrationId": registration["registrationId"], "data": data}
    await devtools.send("ServiceWorker.deliverPushMessage", push)
    async with asyncio.timeout(10):
        shown = await page.evaluate(SHOWN)
    assert shown == [[title, body, f"{site.url}/"]]
    await expect(page.locator("#login")).to_be_visible()
