"""The page `/inbox`, in a browser: what it shows, and how one moves in it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.e2e.pages.conftest import Site, note
from tests.e2e.pages.inboxes import ids, open_inbox, row, told

NOW = datetime.now(UTC)
UNREAD = re.compile(r"\bunread\b")
HOSTILE = "<img src=x onerror=\"document.title='pwned'\">"
LATER = NOW + timedelta(days=2)
# By boxes: the page's scroll width leaves out what is fixed. Hidden text is a box of one pixel.
OUTSIDE = """all => all.filter(one => one.checkVisibility()).filter(one => {
  const {left, right, width} = one.getBoundingClientRect();
  return width > 1 && (left < -0.5 || right > innerWidth + 0.5);
}).map(one => one.outerHTML)"""


async def test_each_tab_holds_its_status_and_the_address_says_which(page: Page, site: Site) -> None:
    """Reload, back and a shared link show the same part of the inbox."""
    await site.notify(
        note("unread", 4), note("read", 3, read_at=NOW), note("archived", 2, archived_at=NOW),
        note("snoozed", 1, snoozed_until=LATER),
    )  # fmt: skip
    titles = await open_inbox(page, site, "?status=archived")
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
    titles = await open_inbox(page, site)
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


@pytest.mark.thorough
async def test_older_ones_come_by_scrolling(page: Page, site: Site) -> None:
    """In order, nothing twice, to the end."""
    await site.notify(*[note(f"n{number}", number) for number in range(70)])
    titles = await open_inbox(page, site)
    for shown in (30, 60):
        await expect(titles).to_have_count(shown)
        await page.locator("#more").scroll_into_view_if_needed()
    await expect(titles).to_have_text([f"Title n{number}" for number in reversed(range(70))])
    await expect(page.locator("#more")).to_be_hidden()


async def test_the_keyboard_alone_does_everything(page: Page, site: Site) -> None:
    """Moves, opens, selects, reads, archives, searches, lists its keys; letters in the search are letters."""
    await site.notify(*[note(f"n{number}", number) for number in range(4)])
    titles = await open_inbox(page, site)
    for key in ("j", "ArrowDown", "k"):
        await page.keyboard.press(key)
    await expect(row(page, "n3").locator(".title")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(row(page, "n3").locator(".detail")).to_contain_text("Appointments › Reminder")
    await expect(row(page, "n3")).not_to_have_class(UNREAD)
    await page.keyboard.press("e")
    await expect(titles).to_have_text(["Title n2", "Title n1", "Title n0"])
    await expect(row(page, "n2").locator(".title")).to_be_focused()
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
    await expect(row(page, "n1").locator(".title")).to_be_focused()
    await page.keyboard.press("/")
    await page.keyboard.type("n1 ejx")
    await expect(page.locator("#q")).to_have_value("n1 ejx")
    assert await ids(site, "archived") == ["n3"]


@pytest.mark.thorough
async def test_the_way_to_the_content_leaves_it_as_it_is(page: Page, site: Site) -> None:
    """Neither the selection nor what was loaded begins anew; the focus is in the content."""
    await site.notify(*[note(f"n{number}", number) for number in range(35)])
    titles = await open_inbox(page, site)
    await page.locator("#more").scroll_into_view_if_needed()
    await expect(titles).to_have_count(35)
    await row(page, "n34").get_by_role("checkbox").check()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/" in request.url else None)
    await page.locator(".skip").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.wait_for_function("location.hash === '#main'")
    await page.go_back()
    await page.wait_for_function("location.hash === ''")
    await expect(row(page, "n34").get_by_role("checkbox")).to_be_checked()
    assert asked == []


async def test_the_focus_is_never_lost(page: Page, site: Site) -> None:
    """Not by reading all, not by loading the last ones, not by taking something back."""
    await site.notify(*[note(f"n{number}", number) for number in range(32)])
    await page.add_init_script("globalThis.IntersectionObserver = class { observe() {} unobserve() {} }")
    titles = await open_inbox(page, site)
    await page.locator("#more").press("Enter")
    await expect(titles).to_have_count(32)
    await expect(row(page, "n1").locator(".title")).to_be_focused()
    await page.keyboard.press("e")
    await page.get_by_role("button", name="Undo").press("Enter")
    await expect(row(page, "n1").locator(".title")).to_be_focused()
    await page.locator("#read-all").press("Enter")
    await expect(page.locator("#items li.unread")).to_have_count(0)
    await expect(page.locator("#read-all")).to_be_focused()


@pytest.mark.thorough
async def test_what_has_just_come_is_now_by_a_slow_clock_too(page: Page, site: Site) -> None:
    """A device that is ten minutes behind does not show it as something to come."""
    await site.notify(note("one", created_at=NOW))
    await page.clock.set_fixed_time(NOW - timedelta(minutes=10))
    await open_inbox(page, site)
    await expect(page.locator("#items time")).to_have_text("now")


async def test_what_people_write_stays_text_and_only_safe_links_lead_away(page: Page, site: Site) -> None:
    """Markup is shown letter by letter; an address in disguise is no link."""
    await site.notify(
        note("bad", 1, title=HOSTILE, message=HOSTILE, action_url="javascript:alert(1)", action_text=HOSTILE),
        note("good", action_url="/#appointment/42", action_text="Open appointment"),
    )  # fmt: skip
    titles = await open_inbox(page, site)
    await expect(titles.first).to_have_text(HOSTILE)
    await titles.first.click()
    await expect(row(page, "bad").locator(".detail")).to_be_visible()
    assert await page.locator("#items .acts a").evaluate_all("all => all.map(a => a.href)") == [
        f"{site.url}/#appointment/42"
    ]
    await expect(page.locator("#items img")).to_have_count(0)


STORY = {
    "en": ["Email", "Opened: ", "Could not be sent (the provider refused it, Unbreakable"],
    "hi": ["ईमेल", "खोली गई: ", "नहीं भेजी जा सकी (सेवा ने मना कर दिया, Unbreakable"],
}


@pytest.mark.parametrize("lang", ["en", "hi"])
async def test_a_narrow_phone_has_room_for_everything(page: Page, site: Site, lang: str) -> None:
    """360 px: nothing sticks out, and what is touched is 44 px high; also with one open, its story told, and one
    selected."""
    long = "Unbreakable" * 12
    one = note("one", 1, title=long, message=long, priority="urgent", action_url="/x", action_text="Open " * 12)
    await site.notify(one, note("two", snoozed_until=None, read_at=NOW))
    await told(site, one, detail=long)
    await page.set_viewport_size({"width": 360, "height": 740})
    await open_inbox(page, site, f"?lang={lang}")
    assert await page.get_attribute("html", "lang") == lang
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await row(page, "one").locator(".title").click()
    await row(page, "two").get_by_role("checkbox").check()
    story = row(page, "one").locator("details")
    await story.locator("summary").press("Enter")
    for words in STORY[lang]:
        await expect(story.locator("dl")).to_contain_text(words)
    await site.send("PATCH", "/v1/notifications/one", {"read": False})
    await expect(row(page, "one")).to_have_class(UNREAD)
    await expect(story.locator("summary")).to_be_focused()
    assert (await Axe().run(page, "#items", options={"resultTypes": ["violations"]})).response["violations"] == []
    seen = "main *:not(.quiet, #tabs *), .top nav > *, .notice *"
    assert await page.locator(seen).evaluate_all(OUTSIDE) == []
    low = """all => all.filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 44)
      .map(one => one.outerHTML)"""
    touched = "main :is(button:not(.title), select, #q, summary), #tabs a, .pick, .acts a, .top button, .top nav > *"
    assert await page.locator(touched).evaluate_all(low) == []


@pytest.mark.thorough
@pytest.mark.parametrize("lang", ["en", "hi"])
async def test_what_is_done_with_many_is_in_sight_on_every_screen(page: Page, site: Site, lang: str) -> None:
    """From 320 px on, beside every width that wraps, and in a window that is enlarged fourfold."""
    await site.notify(*[note(f"n{number}", number, archived_at=NOW) for number in range(4)])
    await open_inbox(page, site, f"?lang={lang}&status=archived")
    await row(page, "n3").get_by_role("checkbox").check()
    outside = """all => all.filter(one => one.checkVisibility()).filter(one => {
      const {left, right, top, bottom} = one.getBoundingClientRect();
      return left < 0 || right > innerWidth || top < 0 || bottom > innerHeight;
    }).map(one => one.textContent)"""
    found = {}
    for width, height in (
        (320, 700),
        (360, 700),
        (520, 700),
        (521, 700),
        (600, 700),
        (700, 700),
        (920, 700),
        (320, 256),
    ):
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate("scrollTo(0, 0); document.querySelector('#bulk').scrollIntoView({block: 'nearest'})")
        buttons = page.locator("#bulk-acts button")
        assert await buttons.evaluate_all("all => all.filter(one => one.checkVisibility()).length") == 5
        found[width, height] = await buttons.evaluate_all(outside)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert not any(found.values()), found
