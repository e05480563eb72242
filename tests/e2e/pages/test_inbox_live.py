"""The page `/inbox` stays true: to what comes, to other devices, through outages and answers that are late."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from tests.e2e.pages.conftest import Site, note
from tests.e2e.pages.inboxes import open_inbox, row

LISTS = "**/v1/notifications?*limit=30*"


class Late:
    """Answers that are on their way for as long as one likes."""

    def __init__(self) -> None:
        self.is_given = asyncio.Event()
        self.may_arrive = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        answer = await route.fetch()
        self.is_given.set()
        await self.may_arrive.wait()
        await route.fulfill(response=answer)


async def test_what_is_new_comes_on_top_and_never_moves_the_reader(page: Page, site: Site) -> None:
    """At the top at once; further down as a pill, which leads there."""
    await site.notify(*[note(f"n{number}", number) for number in range(20)])
    titles = await open_inbox(page, site)
    await site.arrive(note("first", 30))
    await expect(titles.first).to_have_text("Title first")
    await expect(page).to_have_title("(21) Inbox · Punctual")
    await page.evaluate("scrollTo(0, 600)")
    await site.arrive(note("second", 31))
    await site.arrive(note("third", 32))
    await expect(page.locator("#fresh")).to_have_text("2 new")
    await expect(titles).to_have_count(21)
    assert await page.evaluate("scrollY") == 600
    await page.locator("#fresh").click()
    await expect(titles.first).to_have_text("Title third")
    await expect(titles).to_have_count(23)
    await expect(row(page, "third").locator(".title")).to_be_focused()


@pytest.mark.thorough
async def test_what_waits_is_in_order_and_never_behind_an_empty_page(page: Page, site: Site) -> None:
    """What is newer joins what waits already; where nothing is left to look at, it is shown."""
    await site.notify(note("one"))
    titles = await open_inbox(page, site)
    await page.keyboard.press("j")
    await site.arrive(note("two", 5))
    await expect(page.locator("#fresh")).to_have_text("1 new")
    await page.evaluate("document.activeElement.blur()")
    await site.arrive(note("three", 6))
    await expect(page.locator("#fresh")).to_have_text("2 new")
    await expect(titles).to_have_text(["Title one"])
    await page.keyboard.press("j")
    await page.keyboard.press("e")
    await expect(titles).to_have_text(["Title three", "Title two"])
    await expect(page.locator("#fresh")).to_be_hidden()


async def test_other_devices_changes_show(page: Page, site: Site) -> None:
    """One by one and in bulk, without a reload."""
    await site.notify(*[note(f"n{number}", number) for number in range(4)])
    titles = await open_inbox(page, site)
    await site.send("PATCH", "/v1/notifications/n3", {"read": True})
    await expect(page.locator("#items li:not(.unread)")).to_have_count(1)
    await site.send("DELETE", "/v1/notifications/n3")
    await expect(titles).to_have_count(3)
    await site.send("POST", "/v1/notifications/bulk", {"ids": ["n0", "n1"], "action": "archive"})
    await expect(titles).to_have_text(["Title n2"])


async def test_a_late_answer_overwrites_nothing_newer(page: Page, site: Site) -> None:
    """Neither a page of older ones nor the answer to an act: what another device did since then stays."""
    await site.notify(*[note(f"n{number}", number) for number in range(40)])
    older, act = Late(), Late()
    await page.route("**/v1/notifications?*cursor=*", older)
    titles = await open_inbox(page, site)
    await page.locator("#more").scroll_into_view_if_needed()
    await older.is_given.wait()
    await site.send("PATCH", "/v1/notifications/n5", {"read": True})
    await site.send("DELETE", "/v1/notifications/n6")
    older.may_arrive.set()
    await expect(titles).to_have_count(39)
    await expect(page.locator("#items li.unread")).to_have_count(38)
    await expect(row(page, "n6")).to_have_count(0)
    await page.route("**/v1/notifications/n39", act)
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await act.is_given.wait()
    await expect(page.locator("#items li.unread")).to_have_count(37)
    await site.send("PATCH", "/v1/notifications/n39", {"read": False})
    await site.arrive(note("after", 99))
    await expect(page.locator("#fresh")).to_have_text("1 new")
    act.may_arrive.set()
    await expect(page.locator("#items li.unread")).to_have_count(38)
    await expect(page.locator("#tabs .count")).to_have_text("39")


async def test_an_outage_is_shown_and_heals_by_itself(page: Page, context: BrowserContext, site: Site) -> None:
    """What was there stays readable under a banner; what came meanwhile is there after it."""
    await site.notify(note("one"))
    titles = await open_inbox(page, site)
    await context.set_offline(True)
    await expect(page.locator("#banner")).to_contain_text("You are offline")
    await expect(titles).to_have_text(["Title one"])
    await site.notify(note("meanwhile", 1))
    await context.set_offline(False)
    await expect(titles).to_have_text(["Title meanwhile", "Title one"])
    await expect(page.locator("#banner")).to_be_hidden()


async def test_a_list_that_cannot_be_read_says_why_and_is_never_a_false_one(page: Page, site: Site) -> None:
    """The error has a button, not an empty page; a frame that comes meanwhile has the whole of it read."""
    refusal: dict[str, Any] = {"status": 503, "json": {"detail": "The database rests."}}
    await site.notify(note("one"), note("two", 1))
    titles = await open_inbox(page, site)
    state = page.locator("#state")
    await page.route(LISTS, lambda route: route.fulfill(**refusal))
    await page.locator('#tabs [data-status="unread"]').click()
    await expect(state).to_contain_text("The database rests.")
    await page.unroute(LISTS)
    await state.get_by_role("button", name="Try again").click()
    await expect(titles).to_have_text(["Title two", "Title one"])
    await page.route(LISTS, lambda route: route.fulfill(**refusal))
    await page.locator('#tabs [data-status="all"]').click()
    await expect(state).to_contain_text("The database rests.")
    await page.unroute(LISTS)
    await site.arrive(note("three", 2))
    await expect(titles).to_have_text(["Title three", "Title two", "Title one"])


@pytest.mark.thorough
async def test_an_alert_above_the_list_can_be_answered(page: Page, site: Site) -> None:
    """It has a button that tries again, after which it is gone."""
    await site.notify(note("one"))
    titles = await open_inbox(page, site)
    await page.route(LISTS, lambda route: route.fulfill(status=503, json={"detail": "The database rests."}))
    await site.send("POST", "/v1/notifications/bulk", {"ids": ["one"], "action": "read"})
    await expect(page.locator("#alert")).to_contain_text("The database rests.")
    await page.unroute(LISTS)
    await page.locator("#alert").get_by_role("button", name="Try again").click()
    await expect(page.locator("#items li:not(.unread)")).to_have_count(1)
    await expect(page.locator("#alert")).to_be_hidden()
    await expect(titles).to_have_text(["Title one"])
