"""The page `/inbox`, as its tests open and read it."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from punctual.protocol import Ref
from store import ledger, receipts
from store.inbox import Notification
from store.ledger import Delivery
from tests.e2e.pages.conftest import TENANT, Site


async def open_inbox(page: Page, site: Site, query: str = "", *, live: bool = True) -> Locator:
    """The page, logged in and live; the titles of its list."""
    await page.goto(f"{site.url}/inbox{query}#token={site.token('user')}")
    if live:
        await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await expect(page.locator("#items")).to_have_attribute("aria-busy", "false")
    return page.locator("#items .title > span:last-child")


def row(page: Page, id_: str) -> Locator:
    return page.locator(f'#items li[data-id="{id_}"]')


async def ids(site: Site, status: str) -> list[str]:
    """What the server's list holds, the newest first."""
    answer = await site.get(f"/v1/notifications?status={status}", role="user")
    return [item["id"] for item in answer.json()["items"]]


async def told(site: Site, one: Notification, **push: Any) -> None:
    """A mail that was opened, a push that nobody has taken, and what else there was, as the ledger has it."""

    def by(channel: str, outcome: str, reason: str | None = None, **more: Any) -> Delivery:
        return Delivery(channel, one.user_id, channel, one.step_key, one.id, outcome, reason, one.created_at, **more)

    rows = [by("inbox", "sent"), by("email", "sent"), by("web_push", "failed", "rejected", **push)]
    async with site.ours.database.write() as db:
        await ledger.add(db, Ref(tenant=TENANT, kind=one.kind, id=one.entity_id), rows)
        await receipts.heard(db, TENANT, "email", "opened", one.created_at)
