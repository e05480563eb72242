"""What can be done in the bell: at once on screen, undone by a key, and taken back where the server refuses."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.e2e.pages.bare import put
from tests.e2e.pages.conftest import Site, note


async def _open(page: Page, site: Site, count: int = 3) -> Locator:
    """An open bell with some notifications, the newest of which has the focus."""
    await site.notify(*[note(f"n{number}", number) for number in range(count)])
    bell = await put(page, site)
    await expect(bell.locator(".badge")).to_have_text(str(count))
    await bell.locator(".bell").focus()
    await page.keyboard.press("Enter")
    await expect(bell.locator("li .open").first).to_be_focused()
    return bell


async def _state(site: Site, id_: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await site.get(f"/v1/notifications/{id_}", role="user")).json()
    return shown


async def _held(page: Page) -> asyncio.Event:
    """Keeps changes of the page from the server until the event is set."""
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "PATCH":
            await may_go.wait()
        await route.continue_()

    await page.route("**/v1/notifications/*", hold)
    return may_go


async def test_archiving_shows_at_once_and_the_focus_takes_the_next_row(page: Page, site: Site) -> None:
    """Before the server knows; the last row's place is taken by the one before it, an empty list's by the panel."""
    bell = await _open(page, site)
    may_go = await _held(page)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("e")
    await expect(bell.locator("li .title")).to_have_text(["Title n2", "Title n0"])
    await expect(bell.locator("li .open").nth(1)).to_be_focused()
    await expect(bell.locator("li .open").nth(1)).to_have_attribute("tabindex", "0")
    await expect(bell.locator(".badge")).to_have_text("2")
    assert (await _state(site, "n1"))["archived_at"] is None
    may_go.set()
    await page.keyboard.press("e")
    await expect(bell.locator("li .open")).to_be_focused()
    await page.keyboard.press("e")
    await expect(bell.locator(".panel")).to_be_focused()
    await expect(bell.get_by_text("You are all caught up")).to_be_visible()
    await expect(bell.locator(".badge")).to_be_hidden()


async def test_what_was_archived_comes_back_by_a_key(page: Page, site: Site) -> None:
    """Z undoes, says so, and puts the focus on what is back; the server agrees."""
    bell = await _open(page, site)
    await page.keyboard.press("e")
    await expect(bell.locator("[role=status].quiet")).to_have_text("Archived. Press Z to undo.")
    await expect(bell.locator(".undo")).to_contain_text("Archived: Title n2")
    await page.keyboard.press("z")
    await expect(bell.locator("li .title")).to_have_text(["Title n2", "Title n1", "Title n0"])
    await expect(bell.locator("li .open").first).to_be_focused()
    await expect(bell.locator("[role=status].quiet")).to_have_text("Undone")
    await expect(bell.locator(".undo")).to_be_hidden()
    await expect(bell.locator(".badge")).to_have_text("3")
    async with page.expect_response("**/v1/notifications/n1"):
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("r")
    assert (await _state(site, "n2"))["archived_at"] is None


async def test_a_snooze_is_chosen_by_keyboard(page: Page, site: Site) -> None:
    """The choices show local times; next Monday is Monday at nine here; undone, it is back."""
    await page.clock.install(time=datetime.now(UTC))
    bell = await _open(page, site)
    await page.keyboard.press("s")
    menu = bell.get_by_role("dialog", name="Snooze until")
    await expect(menu.get_by_role("button").first).to_be_focused()
    await expect(menu.get_by_role("button", name="Tomorrow")).to_contain_text("09:00")
    await menu.get_by_role("button", name="Next Monday").focus()
    async with page.expect_response("**/v1/notifications/n2"):
        await page.keyboard.press("Enter")
    await expect(bell.locator("li .title")).to_have_text(["Title n1", "Title n0"])
    await expect(bell.locator("li .open").first).to_be_focused()
    until = datetime.fromisoformat((await _state(site, "n2"))["snoozed_until"]) + timedelta(hours=5, minutes=30)
    assert (until.weekday(), until.hour, until.minute) == (0, 9, 0)
    async with page.expect_response("**/v1/notifications/n2"):
        await bell.get_by_role("button", name="Undo").click()
    await expect(bell.locator("li")).to_have_count(3)
    assert (await _state(site, "n2"))["snoozed_until"] is None


@pytest.mark.thorough
async def test_a_time_of_ones_own_has_to_be_ahead(page: Page, site: Site) -> None:
    """A time that has passed is refused beside its field; one to come is taken; Escape closes the menu alone."""
    bell = await _open(page, site)
    await page.keyboard.press("s")
    await page.keyboard.press("Escape")
    await expect(bell.locator(".menu")).to_be_hidden()
    await expect(bell.locator("li .snooze").first).to_be_focused()
    await page.keyboard.press("s")
    await bell.get_by_role("button", name="Choose a time").click()
    await bell.get_by_label("Day and time").fill("2020-01-01T09:00")
    await page.keyboard.press("Enter")
    await expect(bell.locator(".menu").get_by_role("alert")).to_have_text("This time has passed.")
    await bell.get_by_label("Day and time").fill("2030-01-01T09:00")
    async with page.expect_response("**/v1/notifications/n2"):
        await page.keyboard.press("Enter")
    assert (await _state(site, "n2"))["snoozed_until"] == "2030-01-01T03:30:00Z"


async def test_read_and_unread_are_one_key(page: Page, site: Site) -> None:
    """R turns one into the other, in the order in which it was pressed; row, badge and server agree."""
    bell = await _open(page, site)
    await page.keyboard.press("r")
    await expect(bell.locator("li").first).to_have_class("normal")
    await expect(bell.locator(".badge")).to_have_text("2")
    await page.keyboard.press("r")
    await page.keyboard.press("r")
    await expect(bell.locator("li .open").first).to_be_focused()
    async with page.expect_response("**/v1/notifications/n1"):
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("r")
    assert (await _state(site, "n2"))["read_at"]
    await expect(bell.locator(".badge")).to_have_text("1")


@pytest.mark.thorough
async def test_the_unread_are_a_list_of_their_own(page: Page, site: Site) -> None:
    """However far down they are; what is read leaves it, and the way back is offered."""
    read = datetime(2026, 11, 20, 12, tzinfo=UTC)
    await site.notify(note("old"), *[note(f"r{number}", number + 1, read_at=read) for number in range(25)])
    bell = await put(page, site)
    await bell.locator(".bell").click()
    await expect(bell.get_by_role("tab", name="All")).to_have_attribute("aria-selected", "true")
    await expect(bell.locator("li")).to_have_count(20)
    await bell.get_by_role("tab", name="All").focus()
    await page.keyboard.press("ArrowRight")
    await expect(bell.get_by_role("tab", name="Unread")).to_be_focused()
    await expect(bell.locator("li .title")).to_have_text(["Title old"])
    await bell.get_by_role("button", name="Mark as read: Title old").click()
    await expect(bell.get_by_text("There is nothing unread.")).to_be_visible()
    await bell.get_by_role("button", name="Undo").click()
    await expect(bell.locator("li.unread .title")).to_have_text(["Title old"])
    await expect(bell.locator(".badge")).to_have_text("1")


async def test_reading_all_can_be_undone(page: Page, site: Site) -> None:
    """Also those that are further down than was read, and none that had been read before."""
    await site.notify(note("read", 99, read_at=datetime(2026, 11, 20, 12, tzinfo=UTC)))
    bell = await _open(page, site, 24)
    async with page.expect_response("**/v1/notifications/mark-all-read"):
        await bell.get_by_role("button", name="Mark all read").click()
    await expect(bell.locator(".badge")).to_be_hidden()
    await expect(bell.locator(".undo")).to_contain_text("24 notifications marked as read")
    await expect(bell.get_by_role("button", name="Mark all read")).to_be_focused()
    assert await site.unread() == 0
    async with page.expect_response("**/v1/notifications/bulk"):
        await bell.get_by_role("button", name="Undo").click()
    await expect(bell.locator(".badge")).to_have_text("24")
    assert await site.unread() == 24
    assert (await _state(site, "read"))["read_at"]


@pytest.mark.parametrize("key", ["e", "r"])
async def test_a_refused_change_is_taken_back_and_says_why(page: Page, site: Site, key: str) -> None:
    """On screen and to screen readers, in the server's words; nothing is offered to be undone."""
    bell = await _open(page, site)
    refusal = {"title": "Conflict", "detail": "Not now."}
    await page.route("**/v1/notifications/n2", lambda route: route.fulfill(status=409, json=refusal))
    await page.keyboard.press(key)
    await expect(bell.locator(".note")).to_have_text("Not now.")
    await expect(bell.locator("[role=status].quiet")).to_contain_text("Not now.")
    await expect(bell.locator("li.unread .title")).to_have_text(["Title n2", "Title n1", "Title n0"])
    await expect(bell.locator(".badge")).to_have_text("3")
    await expect(bell.locator(".undo")).to_be_hidden()
    assert await bell.evaluate("bell => bell.shadowRoot.activeElement.closest('.panel') !== null")


async def test_without_a_network_a_change_is_taken_back(page: Page, context: BrowserContext, site: Site) -> None:
    """And can be done again once it is back."""
    bell = await _open(page, site)
    await context.set_offline(True)
    await page.keyboard.press("e")
    await expect(bell.locator(".note")).to_contain_text("Not connected")
    await expect(bell.locator("li")).to_have_count(3)
    await context.set_offline(False)
    await expect(page.locator("body")).to_have_attribute("data-state", "live")
    async with page.expect_response("**/v1/notifications/n2"):
        await bell.get_by_role("button", name="Archive: Title n2").click()
    assert (await _state(site, "n2"))["archived_at"]
