"""The bell, in a browser."""

import asyncio

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.e2e.pages.conftest import TENANT, USER, Site, note

HOSTILE = "<img src=x onerror=\"document.title='pwned'\">"


async def _open(page: Page, site: Site) -> Locator:
    """The desk, logged in and live; its bell."""
    await page.goto(site.login)
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page.locator("notification-bell")


async def test_the_badge_is_the_number_of_unread_without_a_cap(page: Page, site: Site) -> None:
    """128 unread are shown as 128, though the list holds its first page only."""
    await site.notify(*[note(f"n{number}", number) for number in range(128)])
    bell = await _open(page, site)
    await expect(bell.locator(".badge")).to_have_text("128")
    await expect(bell.get_by_role("button", name="Notifications, 128 unread")).to_be_visible()


async def test_older_notifications_are_loaded_on_demand(page: Page, site: Site) -> None:
    """The list grows by its next page, in order, with nothing twice, until there is no more to show."""
    await site.notify(*[note(f"n{number}", number) for number in range(30)])
    bell = await _open(page, site)
    await bell.locator(".bell").click()
    await expect(bell.locator("li")).to_have_count(20)
    await bell.get_by_role("button", name="Show older").dispatch_event("click")
    await expect(bell.locator("li .title")).to_have_text([f"Title n{number}" for number in reversed(range(30))])
    await expect(bell.get_by_role("button", name="Show older")).to_have_count(0)


async def test_a_live_frame_raises_the_badge_and_pops_up(page: Page, site: Site) -> None:
    """Without a reload: the count, the row and, being important, a toast."""
    await site.notify(note("old"))
    bell = await _open(page, site)
    await expect(bell.locator(".badge")).to_have_text("1")
    await page.evaluate("document.body.dataset.same = 'page'")
    await site.arrive(note("new", 1, priority="high", title="In 10 minutes: Quarterly review"))
    await expect(bell.locator(".badge")).to_have_text("2")
    await expect(bell.locator(".toast .title")).to_have_text("In 10 minutes: Quarterly review")
    await expect(page.locator("#log")).to_contain_text("In 10 minutes: Quarterly review")
    await bell.locator(".bell").click()
    await expect(bell.locator("li .title")).to_have_text(["In 10 minutes: Quarterly review", "Title old"])
    await expect(page.locator("body")).to_have_attribute("data-same", "page")


async def test_a_frame_that_comes_twice_counts_once(page: Page, site: Site) -> None:
    """A repeated frame, late as well, has an old version: it changes neither the count nor the list."""
    bell = await _open(page, site)
    first = note("first", priority="urgent")
    await site.arrive(first)
    await site.arrive(note("second", 1))
    frame = {"type": "new_notification", "notification": first.public(), "unread_count": 1, "version": 1}
    await site.ours.bus.publish(TENANT, USER, frame)
    after = {"type": "announcement", "notification": note("after").public()}
    await site.ours.bus.publish(TENANT, USER, after)
    await expect(page.locator("#log")).to_contain_text("Title after")
    await expect(bell.locator(".badge")).to_have_text("2")
    await expect(bell.locator(".toast .title")).to_have_text(["Title first", "Title after"])
    await bell.locator(".bell").click()
    await expect(bell.locator("li .title")).to_have_text(["Title second", "Title first"])


async def test_a_gap_in_versions_is_filled_from_the_inbox(page: Page, site: Site) -> None:
    """A frame that was lost shows in the next one's version, and what it spoke of is there after all."""
    bell = await _open(page, site)
    await site.notify(note("lost"))
    await site.arrive(note("seen", 1))
    await expect(bell.locator(".badge")).to_have_text("2")
    await bell.locator(".bell").click()
    await expect(bell.locator("li .title")).to_have_text(["Title seen", "Title lost"])


async def test_after_a_reconnect_the_inbox_is_read_again(page: Page, context: BrowserContext, site: Site) -> None:
    """What was written while the device was offline is there when it is back."""
    bell = await _open(page, site)
    await context.set_offline(True)
    await expect(page.locator("#connection")).to_have_attribute("data-state", "offline")
    await site.notify(note("meanwhile", priority="high"))
    await context.set_offline(False)
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await expect(bell.locator(".badge")).to_have_text("1")
    await expect(bell.locator(".toast .title")).to_have_text("Title meanwhile")


async def test_mark_all_read_clears_the_badge(page: Page, site: Site) -> None:
    """On screen and in the store."""
    await site.notify(*[note(f"n{number}", number) for number in range(3)])
    bell = await _open(page, site)
    await bell.locator(".bell").click()
    async with page.expect_response("**/v1/notifications/mark-all-read"):
        await bell.get_by_role("button", name="Mark all read").click()
    await expect(bell.locator(".badge")).to_be_hidden()
    await expect(bell.locator("li.unread")).to_have_count(0)
    assert await site.unread() == 0


async def test_another_device_reads_and_this_one_knows(page: Page, context: BrowserContext, site: Site) -> None:
    """A notification read in one tab is read in the other."""
    await site.notify(note("one"), note("two", 1))
    bell = await _open(page, site)
    other = await _open(await context.new_page(), site)
    await other.locator(".bell").click()
    await other.get_by_role("button", name="Mark as read: Title two").click()
    await expect(bell.locator(".badge")).to_have_text("1")
    await bell.locator(".bell").click()
    await expect(bell.locator("li.unread .title")).to_have_text(["Title one"])


async def test_what_people_write_stays_text(page: Page, site: Site) -> None:
    """Markup in a title, in a message and in a toast is shown letter by letter and never runs."""
    await site.notify(note("old", title=HOSTILE, message=HOSTILE))
    bell = await _open(page, site)
    await site.arrive(note("new", 1, title=HOSTILE, message=HOSTILE, priority="urgent"))
    await expect(bell.locator(".toast .title")).to_have_text(HOSTILE)
    await bell.locator(".bell").click()
    await expect(bell.locator("li .title")).to_have_text([HOSTILE, HOSTILE])
    await expect(bell.locator("img")).to_have_count(0)
    assert await page.title() == "(2) Punctual"


async def test_only_safe_addresses_become_links(page: Page, site: Site) -> None:
    """Paths and https are links; scripts, other hosts in disguise and plain http are not."""
    urls = ["/fine", "https://crm.example.com/x", "javascript:alert(1)", "//evil.example", "/\\evil.example",
            "http://evil.example/", "data:text/html,x", "https://user@evil.example/"]  # fmt: skip
    await site.notify(*[note(f"n{n}", -n, action_url=url, action_text="Open") for n, url in enumerate(urls)])
    bell = await _open(page, site)
    await bell.locator(".bell").click()
    await expect(bell.locator("li")).to_have_count(len(urls))
    links = await bell.locator("li a").evaluate_all("links => links.map(link => link.href)")
    assert links == [f"{site.url}/fine", "https://crm.example.com/x"]


@pytest.mark.thorough
async def test_opening_a_notification_reads_it_and_goes_there(page: Page, site: Site) -> None:
    """A click follows the link and the notification is read, also where the page's tokens are slow in coming."""
    await site.notify(note("one", action_url="/outbox", action_text="See the mail"))
    bell = await _open(page, site)
    await bell.evaluate(
        "(bell, token) => (bell.getToken = () => (globalThis.isSlow ? new Promise(() => {}) : token))", site.token()
    )
    await expect(bell.locator(".badge")).to_have_text("1")
    await page.evaluate("globalThis.isSlow = true")
    await bell.locator(".bell").click()
    read = asyncio.Event()
    site.ours.bus.listen(lambda _, __, frame: read.set() if frame["type"] == "notification_updated" else None)
    await bell.get_by_role("link", name="Title one").click()
    await page.wait_for_url(f"{site.url}/outbox")
    async with asyncio.timeout(10):
        await read.wait()
    assert await site.unread() == 0


async def test_the_keyboard_alone_opens_moves_reads_and_closes(page: Page, site: Site) -> None:
    """Enter opens, arrows move, Enter reads, Escape closes and gives the focus back."""
    await site.notify(*[note(f"n{number}", number) for number in range(3)])
    bell = await _open(page, site)
    await expect(bell.locator(".badge")).to_have_text("3")
    await bell.locator(".bell").focus()
    await page.keyboard.press("Enter")
    await expect(bell.get_by_role("dialog", name="Notifications")).to_be_visible()
    rows = bell.locator("li .open")
    await expect(rows.nth(0)).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(rows.nth(1)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(bell.locator("li.unread .title")).to_have_text(["Title n2", "Title n0"])
    await expect(rows.nth(1)).to_be_focused()
    await page.keyboard.press("End")
    await expect(rows.nth(2)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(bell.get_by_role("dialog")).to_be_hidden()
    await expect(bell.locator(".bell")).to_be_focused()
