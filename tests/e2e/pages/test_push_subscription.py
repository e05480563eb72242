"""How pages keep right what a browser is subscribed with. Safari cannot be tried here."""

import json
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page
from pydantic import SecretStr

from tests.e2e.pages.conftest import TENANT, USER, Site
from tests.e2e.pages.test_preferences_page import KEY

OLD_KEY = "BLc4xRzKlKORKWlbdgFaBrrPK3ydWAHo4M0gs0i1oEKgPpWC5cW8OCzVrOQRv-1npXRWk8udnW3oYhIO4475rds"
# A browser's push service: it keeps one subscription for the origin, and numbers them.
PUSH_SERVICE = """(device) => {
  const put = (value) => localStorage.setItem("subscribed", JSON.stringify(value));
  const plain = (text) => atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = (text) => Uint8Array.from(plain(text), (one) => one.charCodeAt(0)).buffer;
  const text = (key) => key.toBase64({ alphabet: "base64url", omitPadding: true });
  const made = ({ key, n }) => {
    const endpoint = `${device.endpoint}${n}`;
    const toJSON = () => ({ ...device, endpoint });
    return { options: { applicationServerKey: bytes(key) }, endpoint, toJSON, unsubscribe: async () => put({ n }) };
  };
  const now = () => JSON.parse(localStorage.getItem("subscribed") ?? "null") ?? { n: 1, key: device.key };
  PushManager.prototype.getSubscription = async () => (now().key ? made(now()) : null);
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    put({ n: now().n + 1, key: text(applicationServerKey) });
    return made(now());
  };
}"""
DEVICE: dict[str, Any] = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/device-", "key": OLD_KEY,
    "keys": {"p256dh": KEY, "auth": "tBHItJI5svbpez7KI4CCXg"},
}  # fmt: skip

pytestmark = pytest.mark.service_worker


async def _subscribed(site: Site) -> list[str]:
    """The numbers of the browser's subscriptions that the server has."""
    async with site.ours.database.read() as db:
        found = await site.ours.subscriptions.of(db, TENANT, USER)
    return [one.endpoint.removeprefix(DEVICE["endpoint"]) for one in found]


async def test_a_page_puts_right_what_the_browser_is_subscribed_with(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """A key that has changed, a subscription that is gone, one that the worker has renewed, one of another user.

    Nobody is asked.
    """
    settings = site.ours.settings
    settings.vapid_private_key, settings.vapid_public_key = SecretStr("new,old"), f"{KEY},{OLD_KEY}"
    await site.send("POST", "/v1/push/subscriptions", {**DEVICE, "endpoint": f"{DEVICE['endpoint']}1"})
    await context.grant_permissions(["notifications"], origin=site.url)
    await context.add_init_script(f"({PUSH_SERVICE})({json.dumps(DEVICE)})")
    told = "**/v1/push/subscriptions"
    async with page.expect_response("**/v1/push/unsubscribe"):
        await page.goto(f"{site.url}/inbox#token={site.token('user')}")
    assert await _subscribed(site) == ["2"]
    assert json.loads(await page.evaluate("localStorage.subscribed")) == {"n": 2, "key": KEY}
    await page.evaluate("localStorage.subscribed = JSON.stringify({ n: 2 })")
    async with page.expect_response(told):
        await page.goto(f"{site.url}/")
    assert await _subscribed(site) == ["2", "3"]
    await page.evaluate(
        "localStorage.subscribed = JSON.stringify({ n: 4, key: JSON.parse(localStorage.subscribed).key })"
    )
    [worker] = context.service_workers
    await worker.evaluate("PushManager.prototype.subscribe = async (how) => void (self.how = how)")
    async with page.expect_response(told):
        await worker.evaluate("renew({})")
    assert await worker.evaluate("how") == {"userVisibleOnly": True, "applicationServerKey": KEY}
    assert await _subscribed(site) == ["2", "3", "4"]
    await page.evaluate("localStorage['punctual-push'] = JSON.stringify(['other', 'asha'])")
    async with page.expect_response("**/v1/push/unsubscribe"):
        await page.goto(f"{site.url}/inbox")
    assert await _subscribed(site) == ["2", "3", "5"]
    assert await page.evaluate("localStorage['punctual-push']") == json.dumps([TENANT, USER], separators=(",", ":"))
