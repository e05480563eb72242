"""Acknowledge, snooze and remind now, at the desk and in the bell, in a browser."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from punctual.timeline import Entry, Step, overdue
from store.ledger import Delivery
from tests.e2e.pages.conftest import USER, Site, note

NOW = datetime.now(UTC).replace(microsecond=0)
DUE = NOW - timedelta(minutes=5)
LATE = overdue("follow_up.overdue", DUE, DUE)
TAKE = [{"action": "open", "title": "Open"}, {"action": "acknowledge", "title": "Übernehmen"}]
NOTE = note(
    "n1", kind="follow_up", entity_id="42", step_key=LATE.key, type=LATE.type, priority="urgent", actions=TAKE,
    title="Overdue: Revised offer",
)  # fmt: skip


async def _overdue(site: Site, state: str = "overdue", steps: list[Entry] | None = None) -> None:
    """Follow-up 42, which its assignee was told of."""
    told = [Delivery("d1", USER, "inbox", LATE.key, None, "sent", None, NOW)]
    await site.keep(
        "follow_up.created", "42", state=state, steps=[Entry(LATE, "sent"), *(steps or [])], told=told,
        title="Revised offer", due_at=DUE.isoformat(),
    )  # fmt: skip


async def _held(page: Page) -> asyncio.Event:
    """Keeps acknowledgements of the page from the server until the event is set."""
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_go.wait()
        await route.continue_()

    await page.route("**/v1/notifications/*/acknowledge", hold)
    return may_go


async def _desk(page: Page, site: Site, role: str = "admin") -> Locator:
    """The card of follow-up 42."""
    await page.goto(f"{site.url}/#token={site.token(role)}")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page.locator("#card-follow_up-42")


async def test_acknowledging_at_the_desk_shows_who_has_it(page: Page, site: Site) -> None:
    """At once, without the list being read again; the button goes and the focus stays on the card."""
    await _overdue(site, "escalated")
    card = await _desk(page, site)
    await expect(card.locator(".state-chip")).to_have_text("Escalated")
    await page.route("**/v1/entities?*", lambda route: route.abort())
    await card.get_by_role("button", name="Acknowledge: Revised offer").click()
    await expect(card.locator(".state-chip")).to_have_text("Acknowledged by asha")
    await expect(card.get_by_role("button", name="Acknowledge")).to_have_count(0)
    await expect(card).to_be_focused()
    assert site.temporal.acts == [("acknowledge", {"user_id": USER, "override": True})]


@pytest.mark.thorough
async def test_snoozing_and_reminding_say_when(page: Page, site: Site) -> None:
    """The next working morning by its name, a chosen time as an instant; reminding needs neither."""
    site.temporal.answer = {"state": "overdue", "acknowledged_by": None, "next_step_at": None}
    await _overdue(site)
    card = await _desk(page, site)
    for choose in ("Until the next working morning", "For an hour", "Snooze until then", "Remind now"):
        await card.locator("summary", has_text="More" if choose == "Remind now" else "Snooze").click()
        if choose == "Snooze until then":
            await card.get_by_label("Snooze until", exact=True).fill("2027-01-04T09:00")
        async with page.expect_response("**/v1/entities/follow_up/42/*") as answer:
            await card.get_by_role("button", name=choose).click()
        assert (await answer.value).status == 200
        await expect(card.locator(".menu[open]")).to_have_count(0)
    names = [name for name, _ in site.temporal.acts]
    morning, hour, chosen, _ = [body.get("until") for _, body in site.temporal.acts]
    assert names == ["snooze", "snooze", "snooze", "remind_now"]
    assert morning == "next_working_morning"
    assert timedelta(minutes=59) < datetime.fromisoformat(hour) - NOW < timedelta(minutes=65)
    assert datetime.fromisoformat(chosen) == datetime(2027, 1, 4, 3, 30, tzinfo=UTC)


@pytest.mark.thorough
async def test_a_refused_act_says_why_on_its_card(page: Page, site: Site) -> None:
    """The API's words, and nothing has changed."""
    site.temporal.refusal = ("nothing_to_acknowledge", "ravi has it in hand.")
    await _overdue(site)
    card = await _desk(page, site)
    await card.get_by_role("button", name="Acknowledge").click()
    await expect(card.get_by_role("alert")).to_have_text("ravi has it in hand.")
    await expect(card.locator(".state-chip")).to_have_text("Overdue")


@pytest.mark.thorough
async def test_whoever_may_not_send_events_may_still_act(page: Page, site: Site) -> None:
    """A user's card offers the acts, and nothing that the API would refuse."""
    await _overdue(site)
    card = await _desk(page, site, "user")
    await expect(card.locator(".actions > *")).to_have_count(4)
    for name in ("Acknowledge", "Remind now", "Timeline"):
        await expect(card.get_by_role("button", name=name)).to_be_visible()
    await expect(card.locator("summary")).to_have_text("Snooze")
    await expect(page.locator("#new")).to_be_hidden()


@pytest.mark.thorough
async def test_the_timeline_tells_the_escalation_in_words(page: Page, site: Site) -> None:
    """To whom each level is, was or will not be told, and why."""
    levels = {
        "managers": ("sent", None), "managers_of_managers": ("withheld", "unreachable"),
        "role:admin": ("withheld", "acknowledged"), "team:sales": ("deferred", "snoozed"),
        "user:lena": ("planned", None),
    }  # fmt: skip
    steps = [
        Entry(Step(key=f"{LATE.key}-level-{n}", type=LATE.type, stage="escalation", due_at=DUE + timedelta(minutes=n),
                   deadline=DUE, to=to), *fate)
        for n, (to, fate) in enumerate(levels.items(), 2)
    ]  # fmt: skip
    last = Step(key=f"{LATE.key}-exhausted", type="escalation.exhausted", stage="exhausted", to="role:admin",
                due_at=NOW + timedelta(hours=1), deadline=DUE)  # fmt: skip
    await _overdue(site, "escalated", [*steps, Entry(last)])
    card = await _desk(page, site)
    await card.get_by_role("button", name="Timeline").click()
    await expect(card.locator(".step strong")).to_have_text([*["Overdue"] * 6, "If nobody responds"])
    texts = [" ".join(text.split()) for text in await card.locator(".step").all_inner_texts()]
    for text, said in zip(
        texts[1:],
        [
            ("told to managers", "sent"),
            ("not told to managers of managers", "nobody there could be reached by push or mail"),
            ("not told to admins", "somebody had acknowledged"),
            ("will be told to the team sales", "it is snoozed until then"),
            ("will be told to lena", "planned"),
            ("will be told to admins", "planned"),
        ],
        strict=True,
    ):
        assert all(words in text for words in said), text


async def test_the_bell_acknowledges_at_once_and_by_keyboard(page: Page, site: Site) -> None:
    """Before the server has answered; then it is read as well, and the row says since when somebody has it."""
    await _overdue(site)
    await site.notify(NOTE)
    may_go = await _held(page)
    await _desk(page, site)
    bell = page.locator("notification-bell")
    await bell.locator(".bell").focus()
    await page.keyboard.press("Enter")
    row = bell.locator("li")
    await expect(row.locator(".open")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(bell.get_by_role("button", name="Übernehmen: Overdue: Revised offer")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(row).to_contain_text("Acknowledged now")
    await expect(row.locator(".open")).to_be_focused()
    await expect(row.locator(".take")).to_have_count(0)
    await expect(row).to_have_class("urgent unread")
    may_go.set()
    await expect(row).to_have_class("urgent")
    await expect(bell.locator("[role=status].quiet")).to_have_text("Acknowledged: Overdue: Revised offer")
    assert (await site.get("/v1/notifications/n1")).json()["acknowledged_at"]


async def test_a_refused_acknowledgement_is_undone_in_the_bell(page: Page, site: Site) -> None:
    """The button is back, and the panel says why."""
    site.temporal.refusal = ("closed", "It has ended.")
    may_go = await _held(page)
    await _overdue(site)
    await site.notify(NOTE)
    await _desk(page, site)
    bell = page.locator("notification-bell")
    await bell.locator(".bell").click()
    await bell.locator(".take").click()
    await expect(bell.locator("li")).to_contain_text("Acknowledged now")
    may_go.set()
    await expect(bell.locator(".take")).to_be_visible()
    await expect(bell.locator(".note")).to_contain_text("It has ended.")
    await expect(bell.locator("li")).not_to_contain_text("Acknowledged")
    await expect(bell.locator(".badge")).to_have_text("1")


@pytest.mark.thorough
async def test_a_toast_acknowledges_and_goes_when_anybody_has(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """A refusal stays on the toast; once it is acknowledged on another page it is gone from both."""
    await _overdue(site)
    await _desk(page, site)
    other = await context.new_page()
    await _desk(other, site)
    await site.arrive(NOTE)
    toast, theirs = (one.locator("notification-bell .toast") for one in (page, other))
    site.temporal.refusal = ("closed", "It has ended.")
    await toast.get_by_role("button", name="Übernehmen").click()
    await expect(toast.get_by_role("alert")).to_have_text("It has ended.")
    site.temporal.refusal = None
    await theirs.get_by_role("button", name="Übernehmen").click()
    await expect(theirs).to_have_count(0)
    await expect(toast).to_have_count(0)
