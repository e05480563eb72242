"""What a person at the desk can see and reach: hints, times, and the places of things on wide and narrow screens."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from punctual.registry import ENTITIES
from tests.e2e.pages.conftest import Site, note

PHONE = {"width": 390, "height": 844}
SHORT = [{"before": "PT30S"}]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

UNDER_THE_TOAST = """() => {
  const place = (element) => element.getBoundingClientRect();
  const toast = place(document.querySelector("notification-bell").shadowRoot.querySelector(".toast:last-child"));
  const beside = (box) => box.left >= toast.right || box.right <= toast.left;
  // Of what scrolls in a column of its own only that part counts that is in sight.
  const end = (control) => Math.min(place(control).bottom, place(control.closest(".side") ?? document.body).bottom);
  const meets = (control, box) => box.width && !beside(box) && box.top < toast.bottom && end(control) > toast.top;
  return [...document.querySelectorAll("button, a, input, summary")]
    .filter((control) => meets(control, place(control))).map((control) => control.outerHTML);
}"""


async def _put(
    site: Site, id_: str, start: datetime, *, state: str = "open", next_step: datetime | None = None
) -> None:
    """An appointment as a worker writes it."""
    await site.keep(
        "appointment.scheduled", id_, state=state, next_step=next_step, now=NOON - timedelta(days=1),
        title="Visit", customer_name="Meera", starts_at=start.isoformat(),
    )  # fmt: skip


@pytest.mark.thorough
async def test_a_start_that_no_reminder_precedes_is_hinted_at_and_mended(page: Page, site: Site) -> None:
    """The default's 1 h is too early for a start in a minute; one button shortens it, and the hint goes."""
    await page.goto(site.login)
    form = page.locator("#new")
    await expect(form).to_contain_text("No reminder comes before a time this near.")
    await form.get_by_role("button", name="Make the policy short").click()
    await expect(form.locator("#hint")).to_be_hidden()
    await expect(form.get_by_role("button", name="Create appointment")).to_be_focused()
    await expect(page.locator("#policy-now")).to_contain_text("30 s before")
    assert (await site.get("/v1/admin/policies/appointment")).json()["reminders"] == SHORT


@pytest.mark.thorough
async def test_the_hint_follows_the_chosen_start(page: Page, site: Site) -> None:
    """It is there for a start in an hour, gone for one tomorrow, and back for one in two minutes."""
    await page.goto(site.login)
    hint = page.locator("#hint")
    await expect(hint).to_be_visible()
    await page.get_by_role("radio", name="At…").check()
    await expect(hint).to_be_hidden()
    await page.get_by_role("radio", name="2 min").check()
    await expect(hint).to_be_visible()


@pytest.mark.thorough
async def test_the_day_before_counts_as_a_reminder(page: Page, site: Site) -> None:
    """With a reminder at 09:00 on the day before, a start in two days needs no hint and one in an hour does."""
    path = "/v1/admin/policies/appointment"
    await page.clock.install(time=NOON)
    policy = {**ENTITIES["appointment"].default_policy.model_dump(), "reminders": [{"day_before_at": "09:00"}]}
    await page.route(f"**{path}", lambda route: route.fulfill(json=policy))
    await page.goto(site.login)
    await expect(page.locator("#policy-now")).to_contain_text("09:00 the day before")
    await expect(page.locator("#hint")).to_be_visible()
    await page.get_by_role("radio", name="At…").check()
    await page.locator("#due").fill("2026-11-22T10:00")
    await expect(page.locator("#hint")).to_be_hidden()


@pytest.mark.thorough
async def test_times_have_the_precision_that_matters(page: Page, site: Site) -> None:
    """Seconds near now only, the year when it is another one, days and hours for whatever is more than a day away."""
    await _put(site, "near", NOON + timedelta(minutes=9, seconds=26))
    await _put(site, "far", NOON + timedelta(minutes=11, seconds=26))
    later = NOON + timedelta(hours=68, minutes=15, seconds=30)
    await _put(site, "later", later, next_step=NOON + timedelta(hours=44, minutes=15, seconds=30))
    await _put(site, "next-year", datetime(2027, 3, 29, 8, tzinfo=UTC))
    await page.clock.set_fixed_time(NOON)
    await page.goto(site.login)
    await expect(page.locator("#card-appointment-near .time")).to_have_text("17:39:26")
    await expect(page.locator("#card-appointment-far .time")).to_have_text("17:41")
    await expect(page.locator("#card-appointment-later .away")).to_have_text("in 2 d 20 h")
    await expect(page.locator("#card-appointment-later .next")).to_have_text("Next step in 1 d 20 h")
    await expect(page.locator("#card-appointment-next-year .day")).to_contain_text("29 Mar 2027")


@pytest.mark.thorough
@pytest.mark.parametrize(("width", "height"), [(821, 800), (1024, 600), (1180, 1400), (1200, 800), (1920, 800)])
async def test_a_toast_covers_no_control_beside_a_phone(page: Page, site: Site, width: int, height: int) -> None:
    """Not even of a list that fills the screen, at either end of the page; the keyboard finds it after the bell."""
    for number in range(8):
        await _put(site, f"a{number}", datetime.now(UTC) + timedelta(hours=number + 1))
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(site.login)
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await expect(page.locator(".card")).to_have_count(8)
    taken = {"action": "acknowledge", "title": "Acknowledge"}
    await site.arrive(note("n1", priority="urgent", action_url="/", action_text="Open", message="word " * 60,
                           title="title " * 30, actions=[taken]))  # fmt: skip
    bell = page.locator("notification-bell")
    await expect(bell.locator(".toast")).to_be_visible()
    assert await page.evaluate(UNDER_THE_TOAST) == []
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert await page.evaluate(UNDER_THE_TOAST) == []
    await bell.locator(".bell").focus()
    for control in (".open", ".shut", ".take"):
        await page.keyboard.press("Tab")
        await expect(bell.locator(f".toast {control}")).to_be_focused()


@pytest.mark.thorough
async def test_a_phone_shows_one_toast_at_a_time(page: Page, site: Site) -> None:
    """The newest; what it lies over can be scrolled clear of it."""
    await page.set_viewport_size(PHONE)
    await page.goto(site.login)
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    bell = page.locator("notification-bell")
    for number in range(3):
        await site.arrive(note(f"n{number}", number, priority="urgent"))
    await expect(bell.locator(".toast")).to_have_count(3)
    await expect(bell.locator(".toast:visible .title")).to_have_text(["Title n2"])
    toast = await bell.locator(".toast:visible").bounding_box()
    assert toast is not None
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = await page.locator(".log").bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= toast["y"]


@pytest.mark.thorough
async def test_a_phone_names_the_user_and_the_timeline(page: Page, site: Site) -> None:
    """Who is logged in is an initial with a title, the timeline a word of its own; nothing makes the page wider."""
    await _put(site, "1", datetime.now(UTC) + timedelta(hours=1))
    await _put(site, "2", datetime.now(UTC) - timedelta(hours=1), state="overdue")
    await page.set_viewport_size(PHONE)
    await page.goto(site.login)
    await expect(page.locator("#avatar")).to_be_visible()
    await expect(page.locator("#avatar")).to_have_attribute("title", "asha · acme")
    toggle = page.locator("#card-appointment-1").get_by_role("button", name="Timeline")
    await expect(toggle.get_by_text("Timeline")).to_be_visible()
    box = await toggle.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    starts = await page.locator(".card h3").evaluate_all("all => all.map(one => one.getBoundingClientRect().left)")
    assert starts[0] == starts[1]
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.thorough
async def test_a_socket_that_is_refused_is_told_once_with_the_tries(page: Page, site: Site) -> None:
    """One line counts them, from the third on it says what may be wrong, and in the end that the socket is back."""
    site.ours.settings.allowed_origins = ["https://elsewhere.example"]
    await page.goto(site.login)
    outage = page.locator('#log [data-type="offline"]')
    await expect(outage).to_contain_text("Cannot connect")
    await expect(outage).to_contain_text("3 tries failed. The server refuses this page's address")
    await expect(outage).to_have_count(1)
    site.ours.settings.allowed_origins = []
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await expect(outage).to_contain_text("back after")
    await expect(page.locator("#log li")).to_have_count(2)


UNNAMED = """() => {
  const bell = document.querySelector("notification-bell").shadowRoot;
  const all = (selector) => [...document.querySelectorAll(selector), ...bell.querySelectorAll(selector)];
  const shown = all("button, a, input, summary, textarea").filter((one) => one.checkVisibility());
  const label = (one) => one.labels?.[0]?.textContent.trim();
  const name = (one) => one.getAttribute("aria-label") || one.textContent.trim() || label(one);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  const named = (attribute) => all(`[${attribute}]`).flatMap((one) =>
    one.getAttribute(attribute).split(" ").filter((id) => !one.getRootNode().getElementById(id)));
  return {
    unnamed: shown.filter((one) => !name(one)).map((one) => one.outerHTML),
    twice: ids.filter((id, n) => ids.indexOf(id) !== n),
    missing: ["aria-controls", "aria-describedby", "aria-labelledby", "for"].flatMap(named),
  };
}"""


async def test_every_control_has_a_name_and_every_reference_its_target(page: Page, site: Site) -> None:
    """With all kinds on the desk, menus and timelines open, and a notification that can be acknowledged."""
    due = (NOON + timedelta(hours=1)).isoformat()
    past = NOON - timedelta(days=1)
    for type_, words in {
        "appointment.scheduled": {"title": "Visit", "customer_name": "Meera", "starts_at": due},
        "follow_up.created": {"title": "Offer", "due_at": due},
        "task.created": {"title": "Contract"},
        "ticket.created": {"subject": "Printer", "priority": "high", "opened_at": past.isoformat()},
    }.items():
        await site.keep(type_, "1", state="overdue", now=past, **words)
    await site.notify(note("n1", priority="urgent", actions=[{"action": "acknowledge", "title": "Acknowledge"}]))
    await page.goto(site.login)
    await expect(page.locator(".card")).to_have_count(4)
    await page.get_by_role("radio", name="Ticket", exact=True).check()
    for toggle in await page.locator(".toggle").all():
        await toggle.click()
    await page.locator("notification-bell .bell").click()
    await expect(page.locator("notification-bell .take")).to_be_visible()
    await page.evaluate("document.querySelectorAll('.menu').forEach(menu => (menu.open = true))")
    assert await page.evaluate(UNNAMED) == {"unnamed": [], "twice": [], "missing": []}
