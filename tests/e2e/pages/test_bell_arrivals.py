"""What the bell does when something is new: popping up, counting, and telling screen readers."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import BrowserContext, Page, expect

from activities.sweep import Sweep
from tests.e2e.pages.bare import put
from tests.e2e.pages.conftest import TENANT, USER, Site, note

# What the live regions of a page say from now on, one after the other.
_LISTEN = """bell => {
  const [status, alert] = bell.shadowRoot.querySelectorAll(".quiet[role]");
  const [chip, banner] = document.querySelectorAll("#connection, #banner");
  globalThis.said = {};
  for (const [name, region] of Object.entries({status, alert, chip, banner})) {
    said[name] = [];
    const hear = () => said[name].push(region.textContent);
    new MutationObserver(hear).observe(region, {childList: true, subtree: true, characterData: true});
  }
}"""


async def test_an_announcement_pops_up_once_whatever_its_priority(page: Page, site: Site) -> None:
    """With its notification before it or after it, and whether it is in the inbox or not."""
    bell = await put(page, site)
    calm, alone = note("n1", title="We move on Monday"), note("n2", title="Coffee")
    announce = {"type": "announcement", "notification": calm.public()}
    await site.ours.bus.publish(TENANT, USER, announce)
    await site.arrive(calm)
    await site.ours.bus.publish(TENANT, USER, announce)
    await site.ours.bus.publish(TENANT, USER, {"type": "announcement", "notification": alone.public()})
    await expect(bell.locator(".toast .title")).to_have_text(["We move on Monday", "Coffee"])
    await expect(bell.locator(".badge")).to_have_text("1")


async def test_an_avalanche_is_one_toast_that_counts(page: Page, context: BrowserContext, site: Site) -> None:
    """Forty that came while the device was asleep, more than are read, are one; it opens the list."""
    await page.set_viewport_size({"width": 1400, "height": 800})
    bell = await put(page, site)
    await context.set_offline(True)
    await expect(page.locator("body")).to_have_attribute("data-state", "offline")
    await site.notify(*[note(f"n{number}", number, priority="high") for number in range(40)])
    await context.set_offline(False)
    await expect(bell.locator(".toast .title")).to_have_text(["40 new notifications"])
    await expect(bell.locator(".toast .message")).to_have_text("Title n39; Title n38; Title n37 and 37 more")
    await bell.locator(".toast .open").click()
    await expect(bell.locator("li")).to_have_count(20)
    await expect(bell.locator(".toast")).to_have_count(0)


@pytest.mark.thorough
async def test_the_fourth_in_a_row_makes_them_one(page: Page, site: Site) -> None:
    """A few are shown one by one; one more, and they are counted."""
    await page.set_viewport_size({"width": 1400, "height": 800})
    bell = await put(page, site)
    for number in range(3):
        await site.arrive(note(f"n{number}", number, priority="urgent"))
    await expect(bell.locator(".toast .title")).to_have_text(["Title n0", "Title n1", "Title n2"])
    await site.arrive(note("n3", 3, priority="high"))
    await expect(bell.locator(".toast .title")).to_have_text(["4 new notifications"])


async def test_screen_readers_are_told_in_one_sentence(page: Page, site: Site) -> None:
    """Several are batched and polite, an urgent one is not kept waiting; both regions were there before."""
    bell = await put(page, site)
    polite, assertive = bell.locator(".quiet[role=status]"), bell.locator(".quiet[role=alert]")
    await expect(polite).to_be_attached()
    await expect(assertive).to_be_attached()
    await page.evaluate("""() => {
      globalThis.said = [];
      const region = document.querySelector("notification-bell").shadowRoot.querySelector(".quiet[role=status]");
      new MutationObserver(() => said.push(region.textContent)).observe(region, {childList: true});
    }""")
    await site.arrive(note("n1"))
    await site.arrive(note("n2", 1, priority="high"))
    await site.arrive(note("n3", 2, priority="urgent"))
    await expect(assertive).to_have_text("Urgent: Title n3")
    await expect(polite).to_have_text("2 new notifications: Title n2; Title n1")
    assert await page.evaluate("said") == ["2 new notifications: Title n2; Title n1"]


async def test_a_toast_goes_when_it_was_read_elsewhere_and_the_focus_stays(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """Read on another page it is gone here; with the focus in it, the bell has the focus."""
    bell = await put(page, site)
    other = await put(await context.new_page(), site)
    await site.arrive(note("n1", priority="urgent"))
    await bell.locator(".toast .open").focus()
    await other.locator(".bell").click()
    await other.get_by_role("button", name="Mark as read: Title n1").click()
    await expect(bell.locator(".toast")).to_have_count(0)
    await page.bring_to_front()
    await expect(bell.locator(".bell")).to_be_focused()


async def test_what_wakes_is_new_again(page: Page, site: Site) -> None:
    """Also what was snoozed before the page was loaded, and several at once; what expires meanwhile is not told."""
    later = datetime.now(UTC) + timedelta(hours=1)
    end = later + timedelta(hours=1)
    await site.notify(
        note("alone", priority="high", snoozed_until=later),
        *[note(f"n{number}", number, priority="high", snoozed_until=end) for number in range(2)],
        note("gone", 9, expires_at=end),
    )  # fmt: skip
    bell = await put(page, site)
    await bell.evaluate(
        "bell => bell.addEventListener('notification', ({detail}) => (document.body.dataset.new ??= detail.id))"
    )
    sweep = Sweep(site.ours.database, site.ours.bus)
    await sweep.once(later)
    await expect(bell.locator(".toast .title")).to_have_text(["Title alone"])
    await expect(page.locator("body")).to_have_attribute("data-new", "alone")
    await expect(bell.locator(".quiet[role=status]")).to_have_text("New notification: Title alone")
    await sweep.once(end)
    await expect(bell.locator(".toast .title")).to_have_text(["Title alone", "Title n0", "Title n1"])
    await expect(bell.locator(".badge")).to_have_text("3")


async def test_nobody_is_shouted_at(page: Page, context: BrowserContext, site: Site) -> None:
    """Twelve urgent ones are two sayings; an outage is one of each region, however often it is tried to end it."""
    await page.goto(f"{site.url}/inbox#token={site.token('user')}")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await page.clock.install()
    bell = page.locator("notification-bell")
    await bell.evaluate(_LISTEN)
    for number in range(12):
        await site.arrive(note(f"n{number}", number, priority="urgent"))
    await expect(bell.locator(".badge")).to_have_text("12")
    await page.clock.run_for(5_000)
    assert await page.evaluate("said.alert") == [
        "Urgent: Title n0",
        "Urgent: Title n11; Title n10; Title n9 and 8 more",
    ]
    await bell.locator(".bell").click()
    await context.set_offline(True)
    await expect(page.locator("#connection")).to_have_attribute("data-state", "offline")
    for _ in range(4):
        await page.clock.run_for(10_000)
    said = await page.evaluate("said")
    assert said["status"] == ["Not connected. Trying again…"]
    assert [said["chip"], len(said["banner"])] == [["Offline"], 1]
