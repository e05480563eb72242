"""What a browser does with a push, and how its pages take it away again.

Safari cannot be tried here. What Chromium does after a real click only, opening and focusing a window, is taken down.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import BrowserContext, Page, expect
from pydantic import SecretStr

from activities.channels.base import Message
from activities.channels.web_push import WebPush
from punctual.timeline import Entry, overdue
from store import directory
from store.links import AcknowledgeLink
from tests.channels.push_service import OWNER, PushService, running
from tests.e2e.pages.conftest import TENANT, USER, Site, note
from tests.e2e.pages.devices import CLEAR, STUBS, Device, started
from tests.world import user

DUE = datetime(2026, 11, 20, 9, tzinfo=UTC)
LATE = overdue("follow_up.overdue", DUE, DUE)
TAKE = [{"action": "open", "title": "Open"}, {"action": "acknowledge", "title": "Acknowledge"}]

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

pytestmark = pytest.mark.service_worker


@pytest.fixture
async def device(page: Page, context: BrowserContext, site: Site) -> Device:
    return await started(page, context, site)


@pytest.fixture
async def push_service() -> AsyncIterator[PushService]:
    async with running() as service:
        yield service


async def test_every_push_is_shown(device: Device) -> None:
    """Also one that cannot be read; an address that is not safe leads to the start page instead."""
    for data, shown in PUSHES.items():
        await device.push(data)
        assert await device.shown() == [*shown, []]
        await device.worker.evaluate(CLEAR)


async def _pushed(site: Site, push_service: PushService) -> bytes:
    """What the real channel sends to asha's browser of what is overdue, as that browser decrypts it."""
    settings = site.ours.settings
    settings.vapid_private_key = SecretStr(push_service.vapid.private)
    settings.vapid_public_key = push_service.vapid.public
    settings.vapid_claims_email, settings.push_allowed_hosts = OWNER, [push_service.origin]
    told = note(
        "n1", kind="follow_up", entity_id="42", step_key=LATE.key, type=LATE.type, title="समय बीत गया: Offer",
        action_url="/preferences", actions=TAKE,
    )  # fmt: skip
    await site.keep(
        "follow_up.created", "42", state="overdue", steps=[Entry(LATE, "sent")], title="Offer", due_at=DUE.isoformat()
    )
    await site.notify(told)
    async with site.ours.database.write() as db:
        await directory.put(db, TENANT, [user(USER)])
        await site.ours.subscriptions.save(db, TENANT, push_service.add("s1"))
    channel = WebPush.build(site.ours)
    sent = await channel.send(Message(TENANT, "d1", user(USER), told, collapse="42", unread=3))
    await channel.close()
    assert sent.outcome == "sent"
    return push_service.received[0].plain


async def test_a_push_of_the_channel_is_shown_and_opens_its_address(
    device: Device, site: Site, push_service: PushService
) -> None:
    """In Chromium the service worker gets the very bytes that the channel produced, shows the notification, and a
    click opens the action URL.
    """
    plain = await _pushed(site, push_service)
    await device.worker.evaluate("() => self.addEventListener('push', ({ data }) => (self.got = data.text()))")
    await device.push(plain.decode())
    assert await device.shown() == ["समय बीत गया: Offer", "Soon", "/preferences", ["acknowledge", "snooze"]]
    assert (await device.worker.evaluate("got")).encode() == plain
    report = json.loads(plain)["notification"]["data"]["report"]
    heard = [report, "POST", "omit", "event=clicked"]
    assert await device.happens("notificationclick") == [[f"{site.url}/preferences"], [heard]]


async def test_a_button_of_a_push_acknowledges_without_a_page(
    device: Device, site: Site, push_service: PushService
) -> None:
    """The link that the channel has sealed is taken by the real server; nothing is opened."""
    plain = await _pushed(site, push_service)
    await device.worker.evaluate("() => void (self.answer = 0)")
    await device.push(plain.decode())
    await device.shown()
    opened, posted = await device.happens("notificationclick", "acknowledge")
    assert opened == []
    token = posted[0][0].removeprefix(f"{site.url}/a/")
    assert AcknowledgeLink.read(site.ours.vault, token).notification_id == "n1"
    assert [what for what, _ in site.temporal.acts] == ["acknowledge"]
    assert (await site.get("/v1/notifications/n1", role="user")).json()["acknowledged_at"]


def _document(site: Site, **links: str) -> str:
    actions = [{"action": name, "title": name, "navigate": f"{links.get(name, site.url)}/a/{name}"}
               for name in ("acknowledge", "snooze")]  # fmt: skip
    data = {"notification_id": "n1", "report": f"{links.get('report', site.url)}/c/token"}
    return json.dumps({"notification": {"title": "Late", "navigate": "/42", "actions": actions, "data": data}})


async def test_what_is_done_to_a_push_is_told_to_our_own_origin_only(device: Device, site: Site) -> None:
    """A snooze is a POST; what the server refuses opens as a page instead; a dismissal is reported."""
    clicked, dismissed = ([f"{site.url}/c/token", "POST", "omit", f"event={one}"] for one in ("clicked", "dismissed"))
    snooze = [f"{site.url}/a/snooze", "POST", "omit", ""]
    shown = ["Late", "", "/42", ["acknowledge", "snooze"]]

    async def pushed(**links: str) -> None:
        await device.worker.evaluate(CLEAR)
        await device.push(_document(site, **links))
        assert await device.shown() == shown

    await pushed()
    assert await device.happens("notificationclick", "snooze") == [[], [snooze, clicked]]
    await pushed()
    await device.worker.evaluate("() => void (self.answer = 409)")
    assert await device.happens("notificationclick", "snooze") == [[snooze[0]], [snooze, clicked]]
    await pushed()
    await device.worker.evaluate("() => (self.clients.openWindow = async () => { throw new Error('no click') })")
    assert await device.happens("notificationclick", "snooze") == [[], [snooze, clicked]]
    assert await device.shown() == shown
    assert await device.happens("notificationclose") == [[], [dismissed]]
    await device.worker.evaluate(STUBS)
    await pushed(snooze="https://evil.example", report="https://evil.example")
    assert await device.happens("notificationclick", "snooze") == [["https://evil.example/a/snooze"], []]


LEFT = """async (wanted) => {
  const ids = async () => (await registration.getNotifications()).map(({ data }) => data.notification_id);
  while ((await ids()).sort().join() !== wanted) await new Promise(again => setTimeout(again, 10));
}"""

GONE = """async () => {
  while ((await registration.getNotifications()).length) await new Promise(again => setTimeout(again, 10));
}"""


async def test_what_is_read_elsewhere_is_taken_away_here(device: Device, site: Site) -> None:
    """What was read before the page came, then what is read, deleted and marked as read on other devices.

    With a log-out all goes. A page of another user than the one whom the pushes are for takes nothing away.
    """
    ids = ["n1", "n2", "n3", "n4", "n5"]
    await site.notify(*(note(id_, minute) for minute, id_ in enumerate(ids)))
    await site.send("PATCH", "/v1/notifications/n1", {"archived": True})
    for id_ in [*ids, "unknown"]:
        await device.push(json.dumps({"notification": {"title": id_, "data": {"notification_id": id_}}}))
        await device.shown()
    await device.page.add_init_script("navigator.setAppBadge = async n => void (window.badge = n);")
    await device.page.add_init_script("navigator.clearAppBadge = async () => void (window.badge = 0);")

    async def left(*ids: str) -> None:
        async with asyncio.timeout(15):
            await device.worker.evaluate(LEFT, ",".join(ids))
        await device.page.wait_for_function(f"window.badge === {len(ids)}")

    await device.page.evaluate("localStorage['punctual-push'] = JSON.stringify(['other', 'asha'])")
    await device.page.goto(f"{site.url}/inbox#token={site.token('user')}")
    await expect(device.page.locator("#connection")).to_have_attribute("data-state", "live")
    await device.page.wait_for_function("document.querySelector('notification-bell').version > 0")
    await device.page.evaluate("localStorage.removeItem('punctual-push')")
    await site.send("PATCH", "/v1/notifications/n2", {"read": True})
    async with asyncio.timeout(15):
        await device.worker.evaluate(LEFT, "n1,n3,n4,n5,unknown")
    await device.page.reload()
    await expect(device.page.locator("#connection")).to_have_attribute("data-state", "live")
    await left("n3", "n4", "n5")
    await site.send("DELETE", "/v1/notifications/n3")
    await left("n4", "n5")
    await site.send("POST", "/v1/notifications/bulk", {"ids": ["n4"], "action": "read"})
    await left("n5")
    await site.send("POST", "/v1/notifications/mark-all-read", {})
    await left()
    await device.push(json.dumps(MOVED))
    await device.shown()
    await device.page.locator("#logout").click()
    async with asyncio.timeout(15):
        await device.worker.evaluate(GONE)
