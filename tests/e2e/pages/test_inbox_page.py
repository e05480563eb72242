"""The page `/inbox`, in a browser."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from punctual.timeline import Entry, overdue
from tests.e2e.pages.conftest import Site, note

NOW = datetime.now(UTC)
HOSTILE = "<img src=x onerror=\"document.title='pwned'\">"
UNREAD = re.compile(r"\bunread\b")
LATER = NOW + timedelta(days=2)


async def _open(page: Page, site: Site, query: str = "", *, live: bool = True) -> Locator:
    """The page, logged in and live; the titles of its list."""
    await page.goto(f"{site.url}/inbox{query}#token={site.token('user')}")
    if live:
        await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await expect(page.locator("#items")).to_have_attribute("aria-busy", "false")
    return page.locator("#items .title > span:last-child")


def _row(page: Page, id_: str) -> Locator:
    return page.locator(f'#items li[data-id="{id_}"]')


async def _ids(site: Site, status: str) -> list[str]:
    answer = await site.get(f"/v1/notifications?status={status}", role="user")
    return [item["id"] for item in answer.json()["items"]]


async def test_each_tab_holds_its_status_and_the_address_says_which(page: Page, site: Site) -> None:
    """Reload, back and a shared link show the same part of the inbox."""
    await site.notify(
        note("unread", 4), note("read", 3, read_at=NOW), note("archived", 2, archived_at=NOW),
        note("snoozed", 1, snoozed_until=LATER),
    )  # fmt: skip
    titles = await _open(page, site, "?status=archived")
    await expect(titles).to_have_text(["Title archived"])
    for tab, held in {
        "snoozed": ["snoozed"],
        "read": ["read"],
        "unread": ["unread"],
        "all": ["unread", "read"],
    }.items():
        await page.locator(f'#tabs [data-status="{tab}"]').click()
        await expect(titles).to_have_text([f"Title {one}" for one in held])
    await expect(page.locator("#tabs .count")).to_have_text("1")
    assert page.url == f"{site.url}/inbox"
    await page.go_back()
    await expect(titles).to_have_text(["Title unread"])
    await page.reload()
    await expect(titles).to_have_text(["Title unread"])
    assert page.url == f"{site.url}/inbox?status=unread"


async def test_search_and_filters_narrow_and_are_cleared(page: Page, site: Site) -> None:
    """As one types; what matches nothing says so, with a way out."""
    await site.notify(
        note("visit", 3, title="Visit in Pune"), note("offer", 2, title="Offer for Pune", category="sales"),
        note("other", 1, title="Something else", category="sales", priority="urgent"),
    )  # fmt: skip
    titles = await _open(page, site)
    await page.locator("#q").press_sequentially("pune")
    await expect(titles).to_have_text(["Visit in Pune", "Offer for Pune"])
    await page.get_by_label("Category").select_option("sales")
    await expect(titles).to_have_text(["Offer for Pune"])
    assert page.url == f"{site.url}/inbox?q=pune&category=sales"
    await page.get_by_label("Priority").select_option("low")
    await expect(page.locator("#state")).to_contain_text("Nothing found")
    await page.get_by_role("button", name="Show everything here").click()
    await expect(titles).to_have_count(3)
    await page.locator("#q").fill("visit")
    await expect(titles).to_have_text(["Visit in Pune"])
    await page.get_by_role("button", name="Clear the search").click()
    await expect(titles).to_have_count(3)
    await expect(page.locator("#q")).to_be_focused()


async def test_older_ones_come_by_scrolling(page: Page, site: Site) -> None:
    """In order, nothing twice, to the end."""
    await site.notify(*[note(f"n{number}", number) for number in range(70)])
    titles = await _open(page, site)
    for _ in range(2):
        await page.locator("#more").scroll_into_view_if_needed()
    await expect(titles).to_have_text([f"Title n{number}" for number in reversed(range(70))])
    await expect(page.locator("#more")).to_be_hidden()


async def test_what_is_new_comes_on_top_and_never_moves_the_reader(page: Page, site: Site) -> None:
    """At the top at once; further down as a pill, which leads there."""
    await site.notify(*[note(f"n{number}", number) for number in range(20)])
    titles = await _open(page, site)
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
    await expect(_row(page, "third").locator(".title")).to_be_focused()


async def test_other_devices_changes_show(page: Page, site: Site) -> None:
    """One by one and in bulk, without a reload."""
    await site.notify(*[note(f"n{number}", number) for number in range(4)])
    titles = await _open(page, site)
    await site.send("PATCH", "/v1/notifications/n3", {"read": True})
    await expect(page.locator("#items li:not(.unread)")).to_have_count(1)
    await site.send("DELETE", "/v1/notifications/n3")
    await expect(titles).to_have_count(3)
    await site.send("POST", "/v1/notifications/bulk", {"ids": ["n0", "n1"], "action": "archive"})
    await expect(titles).to_have_text(["Title n2"])


async def test_a_range_is_archived_at_once_and_taken_back(page: Page, site: Site) -> None:
    """Shift selects all between; undo brings them back."""
    await site.notify(*[note(f"n{number}", number) for number in range(6)])
    titles = await _open(page, site)
    await page.get_by_label("Select: Title n4").check()
    await page.get_by_label("Select: Title n2").click(modifiers=["Shift"])
    await expect(page.locator("#selected")).to_have_text("3 selected")
    await page.locator("#bulk").get_by_role("button", name="Archive").click()
    await expect(titles).to_have_text(["Title n5", "Title n1", "Title n0"])
    await expect(page.locator(".notice")).to_contain_text("3 archived.")
    assert await _ids(site, "archived") == ["n4", "n3", "n2"]
    await page.get_by_role("button", name="Undo").click()
    await expect(titles).to_have_count(6)
    assert await _ids(site, "archived") == []


async def test_deleting_many_is_asked_about_first(page: Page, site: Site) -> None:
    """No leaves all, yes deletes what is selected; so does "delete all read"."""
    await site.notify(*[note(f"n{number}", number) for number in range(3)], note("old", -1, read_at=NOW))
    titles = await _open(page, site)
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
    assert await _ids(site, "all") == ["n2"]


async def test_a_snooze_takes_a_choice_or_a_time_to_come(page: Page, site: Site) -> None:
    """A past time is refused at its field; what is snoozed waits on its tab and can be brought back."""
    await site.notify(note("one"))
    titles = await _open(page, site)
    await _row(page, "one").hover()
    await _row(page, "one").get_by_role("button", name="Snooze").click()
    box = page.get_by_role("dialog", name="Snooze until")
    await box.get_by_label("Day and time of your own").fill("2020-01-01T09:00")
    await box.get_by_role("button", name="Snooze", exact=True).click()
    await expect(box.locator("#until-error")).to_have_text("Choose a time that is still to come.")
    await box.get_by_role("button", name="Tomorrow morning").click()
    await expect(page.locator("#state")).to_contain_text("Your inbox is empty")
    assert await _ids(site, "snoozed") == ["one"]
    await page.locator("#tabs").get_by_text("Snoozed").click()
    await expect(page.locator("#items .chip")).to_contain_text("Until")
    await titles.first.click()
    await page.get_by_role("button", name="End snooze").click()
    await expect(page.locator(".notice")).to_contain_text("Back in the inbox.")
    assert await _ids(site, "unread") == []
    assert await _ids(site, "all") == ["one"]


async def test_the_keyboard_alone_does_everything(page: Page, site: Site) -> None:
    """Moves, opens, selects, reads, archives, searches, lists its keys; letters in the search are letters."""
    await site.notify(*[note(f"n{number}", number) for number in range(4)])
    titles = await _open(page, site)
    for key in ("j", "ArrowDown", "k"):
        await page.keyboard.press(key)
    await expect(_row(page, "n3").locator(".title")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(_row(page, "n3").locator(".detail")).to_contain_text("Appointments › Reminder")
    await expect(_row(page, "n3")).not_to_have_class(UNREAD)
    await page.keyboard.press("e")
    await expect(titles).to_have_text(["Title n2", "Title n1", "Title n0"])
    await expect(_row(page, "n2").locator(".title")).to_be_focused()
    await page.keyboard.press("r")
    await expect(page.locator("#items li.unread")).to_have_count(2)
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("Shift+X")
    await expect(page.locator("#selected")).to_have_text("2 selected")
    await page.keyboard.press("Escape")
    await expect(page.locator("#selected")).to_have_text("Select all shown")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(_row(page, "n1").locator(".title")).to_be_focused()
    await page.keyboard.press("/")
    await page.keyboard.type("n1 ejx")
    await expect(page.locator("#q")).to_have_value("n1 ejx")
    assert await _ids(site, "archived") == ["n3"]


async def test_what_is_refused_is_undone_and_said(page: Page, site: Site) -> None:
    """The row is back as it was."""
    await site.notify(note("one"))
    titles = await _open(page, site)
    await page.route(
        "**/v1/notifications/one", lambda route: route.fulfill(status=503, json={"detail": "Not just now."})
    )
    await page.keyboard.press("j")
    await page.keyboard.press("e")
    await expect(page.get_by_role("alert").filter(has_text="Not just now.")).to_be_visible()
    await expect(titles).to_have_text(["Title one"])


async def test_an_outage_is_shown_and_heals_by_itself(page: Page, context: BrowserContext, site: Site) -> None:
    """What was there stays readable under a banner; what came meanwhile is there after it."""
    await site.notify(note("one"))
    titles = await _open(page, site)
    await context.set_offline(True)
    await expect(page.locator("#banner")).to_contain_text("You are offline")
    await expect(titles).to_have_text(["Title one"])
    await site.notify(note("meanwhile", 1))
    await context.set_offline(False)
    await expect(titles).to_have_text(["Title meanwhile", "Title one"])
    await expect(page.locator("#banner")).to_be_hidden()


async def test_a_list_that_cannot_be_read_says_why_and_can_be_tried_again(page: Page, site: Site) -> None:
    """The error has a button, not an empty page."""
    refusal: dict[str, Any] = {"status": 503, "json": {"detail": "The database rests."}}
    await page.route("**/v1/notifications?*limit=30*", lambda route: route.fulfill(**refusal))
    await site.notify(note("one"))
    titles = await _open(page, site, live=False)
    await expect(page.locator("#state")).to_contain_text("The database rests.")
    await page.unroute("**/v1/notifications?*limit=30*")
    await page.locator("#state").get_by_role("button", name="Try again").click()
    await expect(titles).to_have_text(["Title one"])


async def test_what_people_write_stays_text_and_only_safe_links_lead_away(page: Page, site: Site) -> None:
    """Markup is shown letter by letter; an address in disguise is no link."""
    await site.notify(
        note("bad", 1, title=HOSTILE, message=HOSTILE, action_url="javascript:alert(1)", action_text=HOSTILE),
        note("good", action_url="/#appointment/42", action_text="Open appointment"),
    )  # fmt: skip
    titles = await _open(page, site)
    await expect(titles.first).to_have_text(HOSTILE)
    await titles.first.click()
    await expect(_row(page, "bad").locator(".detail")).to_be_visible()
    assert await page.locator("#items .acts a").evaluate_all("all => all.map(a => a.href)") == [
        f"{site.url}/#appointment/42"
    ]
    await expect(page.locator("#items img")).to_have_count(0)


async def test_it_can_be_taken_in_hand_from_the_list(page: Page, site: Site) -> None:
    """Acknowledging asks the workflow, and the row says so."""
    late = overdue("follow_up.overdue", NOW, NOW)
    await site.keep("follow_up.created", "42", state="overdue", steps=[Entry(late, "sent")], title="Offer",
                    due_at=NOW.isoformat())  # fmt: skip
    taken = {"action": "acknowledge", "title": "Acknowledge"}
    await site.notify(note("one", actions=[taken], kind="follow_up", entity_id="42", step_key=late.key))
    await _open(page, site)
    await page.get_by_role("button", name="Acknowledge").click()
    await expect(_row(page, "one").locator(".chip.good")).to_have_text("Acknowledged")
    await expect(_row(page, "one")).not_to_have_class(UNREAD)
    assert [name for name, _ in site.temporal.acts] == ["acknowledge"]


@pytest.mark.parametrize("lang", ["en", "hi"])
async def test_a_narrow_phone_has_room_for_everything(page: Page, site: Site, lang: str) -> None:
    """360 px: nothing sticks out, and what is touched is 44 px high; also with one open and one selected."""
    long = "Unbreakable" * 12
    await site.notify(
        note("one", 1, title=long, message=long, priority="urgent", action_url="/x", action_text="Open " * 12),
        note("two", snoozed_until=None, read_at=NOW),
    )  # fmt: skip
    await page.set_viewport_size({"width": 360, "height": 740})
    await _open(page, site, f"?lang={lang}")
    assert await page.get_attribute("html", "lang") == lang
    await _row(page, "one").locator(".title").click()
    await _row(page, "two").get_by_role("checkbox").check()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    low = """all => all.filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 44)
      .map(one => one.outerHTML)"""
    touched = "main button:not(.title), main select, main #q, #tabs a, .pick, .acts a, .top button, .top nav > *"
    assert await page.locator(touched).evaluate_all(low) == []
