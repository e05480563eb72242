"""What is done on the page `/inbox`: at once on screen, in turn on the server, with a way back."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Route, expect

from punctual.timeline import Entry, overdue
from tests.e2e.pages.conftest import Site, note
from tests.e2e.pages.inboxes import ids, open_inbox, row

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=2)
UNREAD = re.compile(r"\bunread\b")


async def test_a_range_is_archived_at_once_and_taken_back(page: Page, site: Site) -> None:
    """Shift selects all between; undo brings them back."""
    await site.notify(*[note(f"n{number}", number) for number in range(6)])
    titles = await open_inbox(page, site)
    await page.get_by_label("Select: Title n4").check()
    await page.get_by_label("Select: Title n2").click(modifiers=["Shift"])
    await expect(page.locator("#selected")).to_have_text("3 selected")
    await page.locator("#bulk").get_by_role("button", name="Archive").click()
    await expect(titles).to_have_text(["Title n5", "Title n1", "Title n0"])
    await expect(page.locator(".notice")).to_contain_text("3 archived.")
    assert await ids(site, "archived") == ["n4", "n3", "n2"]
    await page.get_by_role("button", name="Undo").click()
    await expect(titles).to_have_count(6)
    assert await ids(site, "archived") == []


async def test_deleting_many_is_asked_about_first(page: Page, site: Site) -> None:
    """No leaves all, yes deletes what is selected; so does "delete all read"."""
    await site.notify(*[note(f"n{number}", number) for number in range(3)], note("old", -1, read_at=NOW))
    titles = await open_inbox(page, site)
    await page.get_by_label("Select all shown").check()
    await page.get_by_label("Select: Title n2").uncheck()
    await page.get_by_label("Select: Title old").uncheck()
    remove = page.locator("#bulk").get_by_role("button", name="Delete")
    await remove.click()
    ask = page.get_by_role("dialog", name="Delete 2 notifications?")
    await ask.get_by_role("button", name="Cancel").click()
    await expect(remove).to_be_focused()
    await remove.click()
    await ask.get_by_role("button", name="Delete").click()
    await expect(titles).to_have_text(["Title n2", "Title old"])
    await expect(page.get_by_label("Select all shown")).to_be_focused()
    await page.get_by_role("button", name="Delete all read").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete all read").click()
    await expect(titles).to_have_text(["Title n2"])
    assert await ids(site, "all") == ["n2"]


@pytest.mark.thorough
async def test_a_snooze_takes_a_choice_or_a_time_to_come(page: Page, site: Site) -> None:
    """A past time is refused at its field; what is snoozed waits on its tab and can be brought back."""
    await site.notify(note("one"))
    titles = await open_inbox(page, site)
    await row(page, "one").hover()
    await row(page, "one").get_by_role("button", name="Snooze").click()
    box = page.get_by_role("dialog", name="Snooze until")
    await box.get_by_label("Day and time of your own").fill("2020-01-01T09:00")
    await box.get_by_role("button", name="Snooze", exact=True).click()
    await expect(box.locator("#until-error")).to_have_text("Choose a time that is still to come.")
    await box.get_by_role("button", name="Tomorrow morning").click()
    await expect(page.locator("#state")).to_contain_text("Your inbox is empty")
    assert await ids(site, "snoozed") == ["one"]
    await page.locator("#tabs").get_by_text("Snoozed").click()
    await expect(page.locator("#items .chip")).to_contain_text("Until")
    await titles.first.click()
    await page.get_by_role("button", name="End snooze").click()
    await expect(page.locator(".notice")).to_contain_text("Back in the inbox.")
    assert await ids(site, "unread") == []
    assert await ids(site, "all") == ["one"]


@pytest.mark.thorough
async def test_archiving_many_is_taken_back_with_their_snoozes(page: Page, site: Site) -> None:
    """The archive had ended them."""
    await site.notify(*[note(f"n{number}", number, snoozed_until=LATER) for number in range(2)])
    titles = await open_inbox(page, site, "?status=snoozed")
    await page.get_by_label("Select all shown").check()
    await page.locator("#bulk").get_by_role("button", name="Archive").click()
    await expect(titles).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(titles).to_have_text(["Title n1", "Title n0"])
    assert await ids(site, "snoozed") == ["n1", "n0"]


async def test_all_read_means_what_the_filters_show_and_can_be_taken_back(page: Page, site: Site) -> None:
    """By priority or search only those; without either all of the category, however far down they are."""
    await site.notify(
        note("urgent", 40, priority="urgent"), note("sales", 41, category="sales"),
        *[note(f"n{number}", number) for number in range(35)],
    )  # fmt: skip
    await open_inbox(page, site, "?priority=urgent")
    said = page.locator(".notice p")
    for query, left, words in (
        ("?priority=urgent", 36, "1 marked read."),
        ("?category=appointments", 1, "36 marked read."),
    ):
        await open_inbox(page, site, query)
        await page.locator("#read-all").click()
        await expect(said).to_have_text(words)
        assert await site.unread() == left
        await page.get_by_role("button", name="Undo").click()
        await expect(page.locator("#tabs .count")).to_have_text("37")
    await open_inbox(page, site, "?status=read")
    await expect(page.locator("#read-all")).to_have_attribute("aria-disabled", "true")


async def test_acts_on_one_come_in_their_turn(page: Page, site: Site) -> None:
    """Read and unread again, the first of them slow on its way: it is unread here and on the server."""
    await site.notify(note("one"))
    await open_inbox(page, site)
    may_go, bodies = asyncio.Event(), []

    async def slow(route: Route) -> None:
        bodies.append(route.request.post_data_json)
        await may_go.wait()
        await route.continue_()

    await page.route("**/v1/notifications/one", slow)
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await expect(row(page, "one")).not_to_have_class(UNREAD)
    await page.keyboard.press("r")
    await expect(row(page, "one")).to_have_class(UNREAD)
    assert bodies == [{"read": True}]
    async with page.expect_response(lambda answer: answer.request.post_data_json == {"read": False}):
        may_go.set()
    await expect(page.locator("#tabs .count")).to_have_text("1")
    assert await site.unread() == 1


@pytest.mark.thorough
async def test_without_a_socket_counts_follow_what_is_done(page: Page, site: Site) -> None:
    """In the list, on the tab, on the bell and in the title, and not only at the next poll."""
    await page.route_web_socket("**/v1/ws", lambda _: None)
    await page.clock.install(time=NOW)
    await page.clock.pause_at(NOW + timedelta(seconds=1))
    await site.notify(*[note(f"n{number}", number) for number in range(3)])
    await open_inbox(page, site, live=False)
    await expect(page).to_have_title("(3) Inbox · Punctual")
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await expect(page.locator("#items li.unread")).to_have_count(2)
    await expect(page.locator("#tabs .count")).to_have_text("2")
    await expect(page).to_have_title("(2) Inbox · Punctual")


async def test_what_is_refused_is_undone_and_said(page: Page, site: Site) -> None:
    """The row is back as it was."""
    await site.notify(note("one"))
    titles = await open_inbox(page, site)
    await page.route(
        "**/v1/notifications/one", lambda route: route.fulfill(status=503, json={"detail": "Not just now."})
    )
    await page.keyboard.press("j")
    await page.keyboard.press("e")
    await expect(page.get_by_role("alert").filter(has_text="Not just now.")).to_be_visible()
    await expect(titles).to_have_text(["Title one"])


@pytest.mark.thorough
async def test_it_can_be_taken_in_hand_from_the_list(page: Page, site: Site) -> None:
    """Acknowledging asks the workflow, and the row says so."""
    late = overdue("follow_up.overdue", NOW, NOW)
    await site.keep("follow_up.created", "42", state="overdue", steps=[Entry(late, "sent")], title="Offer",
                    due_at=NOW.isoformat())  # fmt: skip
    taken = {"action": "acknowledge", "title": "Acknowledge"}
    await site.notify(note("one", actions=[taken], kind="follow_up", entity_id="42", step_key=late.key))
    await open_inbox(page, site)
    await page.get_by_role("button", name="Acknowledge").click()
    await expect(row(page, "one").locator(".chip.good")).to_have_text("Acknowledged")
    await expect(row(page, "one")).not_to_have_class(UNREAD)
    assert [name for name, _ in site.temporal.acts] == ["acknowledge"]
