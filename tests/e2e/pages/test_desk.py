"""The desk, in a browser."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from punctual.timeline import Entry, Step
from store.ledger import Delivery
from tests.e2e.pages.conftest import USER, Site


async def _scheduled(site: Site, **changes: Any) -> datetime:
    """Appointment 42 as a worker keeps it, with a reminder that was sent by one channel of two; its start."""
    now = datetime.now(UTC)
    start = (now + timedelta(hours=2)).replace(microsecond=0)
    step = Step(key="reminder-1", type="appointment.reminder", stage="reminder", due_at=start - timedelta(minutes=30))
    told = [
        Delivery("d1", USER, "inbox", step.key, None, "sent", None, now),
        Delivery("d2", USER, "email", step.key, None, "withheld", "no_address", now),
    ]
    data = {"title": "Quarterly review", "customer_name": "Meera Iyer", "location": "Room 2", **changes}
    await site.keep(
        "appointment.scheduled", "42", next_step=start, steps=[Entry(step, "sent")], told=told,
        starts_at=start.isoformat(), **data,
    )  # fmt: skip
    return start


async def test_without_a_token_the_page_says_how_to_get_one(page: Page, site: Site) -> None:
    """The login names the command, refuses what is no token, and takes one that is."""
    await page.goto(site.url)
    await expect(page.locator("#login")).to_contain_text("punctual token --tenant")
    await page.get_by_label("Token").fill("nonsense")
    await page.keyboard.press("Enter")
    await expect(page.locator("#token-error")).to_contain_text("This is not a token")
    await page.get_by_label("Token").fill(site.token())
    await page.keyboard.press("Enter")
    await expect(page.locator("#user")).to_have_text("asha · acme")


async def test_the_token_leaves_the_address(page: Page, site: Site) -> None:
    """A login link logs in, and is not left to be bookmarked or shared."""
    await page.goto(site.login)
    await expect(page.locator("#user")).to_have_text("asha · acme")
    assert page.url == f"{site.url}/"
    await page.reload()
    await expect(page.locator("#user")).to_have_text("asha · acme")


async def test_a_new_tab_goes_on_with_the_last_login_until_it_logs_out(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """As a push opens one, or the installed app; a tab that has a login of its own keeps it."""
    await page.goto(site.login)
    await expect(page.locator("#user")).to_have_text("asha · acme")
    other = await context.new_page()
    await other.goto(f"{site.url}/#token={site.token(tenant='other')}")
    await other.get_by_role("button", name="Switch").click()
    await expect(other.locator("#user")).to_have_text("asha · other")
    await page.reload()
    await expect(page.locator("#user")).to_have_text("asha · acme")
    third = await context.new_page()
    await third.goto(site.url)
    await expect(third.locator("#user")).to_have_text("asha · other")
    await third.locator("#logout").click()
    await expect(third.locator("#token")).to_be_visible()
    await third.goto(f"{site.url}/inbox")
    await expect(third.locator("#token")).to_be_visible()


async def test_an_expired_token_brings_the_login_back(page: Page, site: Site) -> None:
    """What the server refuses is forgotten, and the page says so."""
    await page.goto(f"{site.url}/#token={site.token()[:-3]}xyz")
    await expect(page.locator("#token-error")).to_contain_text("expired")
    assert await page.evaluate("sessionStorage.getItem('punctual-token')") == "expired"


async def test_the_form_tells_of_a_new_appointment_by_keyboard_alone(page: Page, site: Site) -> None:
    """One event with the whole snapshot, starting when the form said."""
    await page.goto(site.login)
    await page.get_by_label("Title").focus()
    await page.keyboard.type("Quarterly review")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Meera Iyer")
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowRight")
    async with page.expect_response("**/v1/events") as answer:
        await page.keyboard.press("Enter")
    assert (await answer.value).status == 202
    [event] = site.temporal.events
    data = event["data"]
    assert event["type"] == "appointment.scheduled"
    assert data["title"] == "Quarterly review"
    assert data["customer_name"] == "Meera Iyer"
    assert data["assignee_ids"] == [USER]
    after = datetime.fromisoformat(data["starts_at"]) - datetime.fromisoformat(event["time"])
    assert round(after.total_seconds()) == 120
    await expect(page.get_by_label("Title")).to_have_value("")


@pytest.mark.thorough
async def test_a_refused_field_is_named_beside_it(page: Page, site: Site) -> None:
    """The API's own words stand under the field they are about, and nothing was sent on."""
    await page.goto(site.login)
    await page.get_by_label("Title").fill("Visit")
    await page.get_by_label("Customer").fill("Meera \u202eIyer")
    await page.get_by_role("button", name="Create appointment").click()
    await expect(page.locator("#customer_name-error")).to_contain_text("text-direction overrides")
    await expect(page.get_by_label("Customer")).to_be_focused()
    assert site.temporal.events == []


@pytest.mark.thorough
async def test_moving_sends_the_whole_snapshot_with_a_later_start(page: Page, site: Site) -> None:
    """`+1 hour` is an `appointment.rescheduled` that changes the start and nothing else."""
    start = await _scheduled(site)
    await page.goto(site.login)
    card = page.locator("#card-appointment-42")
    await expect(card).to_contain_text("Quarterly review")
    await card.locator("summary", has_text="Move").click()
    async with page.expect_response("**/v1/events"):
        await card.get_by_role("button", name="+1 hour").click()
    [event] = site.temporal.events
    assert event["type"] == "appointment.rescheduled"
    assert datetime.fromisoformat(event["data"]["starts_at"]) == start + timedelta(hours=1)
    assert event["data"]["location"] == "Room 2"


@pytest.mark.thorough
async def test_the_timeline_says_who_was_told_how_and_why_not(page: Page, site: Site) -> None:
    """A chip for each channel, with the reason in words."""
    await _scheduled(site)
    await page.goto(site.login)
    card = page.locator("#card-appointment-42")
    await card.get_by_role("button", name="Timeline").click()
    step = card.locator(".step")
    await expect(step.locator(".step-head")).to_contain_text("Reminder30 min before")
    await expect(step.locator(".told .chip")).to_have_text(["Inbox sent", "Email: no email address"])


@pytest.mark.thorough
async def test_a_hostile_appointment_stays_text(page: Page, site: Site) -> None:
    """Markup in title and customer is shown, not run."""
    hostile = "<img src=x onerror=\"document.title='pwned'\">"
    await _scheduled(site, title=hostile, customer_name=hostile)
    await page.goto(site.login)
    await expect(page.locator("#card-appointment-42 h3")).to_have_text(hostile)
    await expect(page.locator("#card-appointment-42 img")).to_have_count(0)
    assert await page.title() == "Punctual"


@pytest.mark.thorough
async def test_push_says_why_it_is_not_possible(page: Page, site: Site) -> None:
    """Without VAPID keys the button is off and the reason stands beside it."""
    await page.goto(site.login)
    await expect(page.locator("#push-state")).to_contain_text("VAPID")
    await expect(page.get_by_role("button", name="Enable push on this device")).to_be_disabled()
