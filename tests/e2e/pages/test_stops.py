"""What `/preferences` says of mails that are not sent any more."""

from datetime import UTC, datetime

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from store import directory
from tests.e2e.pages.conftest import TENANT, USER, Site
from tests.world import user

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


async def test_what_is_stopped_is_said_above_the_table_and_taken_back_by_keyboard(page: Page, site: Site) -> None:
    """What and since when, in both languages; the focus stays near; in the end nothing is left to say."""
    stops = site.ours.suppressions
    async with site.ours.database.write() as db:
        await directory.put(db, TENANT, [user(USER)])
        for scope in ("ticket.closed", "*"):
            await stops.unsubscribe(db, TENANT, USER, scope, AT)
        await stops.bounced(db, TENANT, f"{USER}@example.com", AT, "550 5.1.1")
    await page.set_viewport_size({"width": 360, "height": 800})
    await page.goto(f"{site.url}/preferences?lang=hi#token={site.token('user')}")
    block = page.locator("#stops")
    await expect(block.locator("li")).to_have_count(3)
    await expect(block).to_contain_text("सभी ईमेल बंद हैं")
    found = await Axe().run(page, context="#stops", options={"resultTypes": ["violations"]})
    assert found.response["violations"] == []
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await page.goto(f"{site.url}/preferences?lang=en")
    rows = block.locator("li")
    await expect(rows.nth(0)).to_contain_text("Mails to a…@example.com came back")
    await expect(rows.nth(1)).to_contain_text("All mails are stopped")
    await expect(rows.nth(2)).to_contain_text("Mails about “Tickets · Closed” are stopped")
    await expect(rows.nth(2)).to_contain_text("20 Nov 2026")
    for left in (2, 1):
        await rows.nth(0).get_by_role("button").press("Enter")
        await expect(rows).to_have_count(left)
        await expect(page.locator("#stops-heading")).to_be_focused()
    await rows.get_by_role("button", name="Get them again: Mails about “Tickets · Closed” are stopped").press("Space")
    await expect(block).to_be_hidden()
    await expect(page.locator("h1#heading")).to_be_focused()
    await expect(page.locator(".notice")).to_contain_text("sent to you again")
    assert (await site.get("/v1/me/mail", role="user")).json()["stopped"] == []
