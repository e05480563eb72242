"""The four kinds at the desk, in a browser: what each can be told, and how its policy is shortened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from punctual.registry import ENTITIES
from tests.e2e.pages.conftest import USER, Site

DUE = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
THINGS: dict[str, dict[str, Any]] = {
    "appointment.scheduled": {
        "title": "Review", "customer_name": "Meera", "starts_at": DUE.isoformat(),
        "ends_at": (DUE + timedelta(hours=1)).isoformat(),
    },
    "follow_up.created": {"title": "Revised offer", "due_at": DUE.isoformat(), "previous_assignee_ids": ["ben"]},
    "task.created": {"title": "Contract", "due_at": DUE.isoformat()},
    "ticket.created": {
        "subject": "Printer", "priority": "high", "opened_at": "2026-11-20T09:00:00Z",
        "resolution_due_at": DUE.isoformat(), "requester_id": "ben",
        "message": {"id": "m0", "author_id": "ben", "text": "It stays dark."},
    },
}  # fmt: skip

# Label in the form, the event that creates it, the field of its time, and its words for having none.
CREATES = {
    "Appointment": ("appointment.scheduled", "starts_at", None),
    "Follow-up": ("follow_up.created", "due_at", None),
    "Task": ("task.created", "due_at", "No date"),
    "Ticket": ("ticket.created", "resolution_due_at", "By policy"),
}
ENDS = {
    "appointment": {"Complete": "completed", "Confirm": "confirmed", "Missed": "missed", "Cancel": "cancelled"},
    "follow_up": {"Complete": "completed", "Cancel": "cancelled"},
    "task": {"Complete": "completed", "Cancel": "cancelled"},
    "ticket": {"Resolve": "resolved", "Close": "closed"},
}
MOVES = {
    "appointment": ("rescheduled", "starts_at"), "follow_up": ("rescheduled", "due_at"),
    "task": ("updated", "due_at"), "ticket": ("updated", "resolution_due_at"),
}  # fmt: skip
ASSIGNS = {"appointment": "updated", "follow_up": "reassigned", "task": "assigned", "ticket": "assigned"}
REOPENS = {"appointment": "rescheduled", "follow_up": "created", "task": "created", "ticket": "reopened"}


async def _all_kinds(site: Site, **more: Any) -> None:
    for type_, data in THINGS.items():
        await site.keep(type_, "1", **data, **more)


async def _press(page: Page, scope: Locator, name: str) -> None:
    """Presses a button that sends an event, and waits until it was taken and its menu, if any, has closed."""
    async with page.expect_response("**/v1/events") as answer:
        await scope.get_by_role("button", name=name).click()
    assert (await answer.value).status == 202
    await expect(scope.locator(".menu[open]")).to_have_count(0)


@pytest.mark.thorough
async def test_the_form_makes_each_kind(page: Page, site: Site) -> None:
    """The event that begins it, with its own fields, a minute ahead; and without a time where it may have none."""
    await page.goto(site.login)
    form = page.locator("#new")
    for label, (type_, due, undated) in CREATES.items():
        await form.get_by_role("radio", name=label, exact=True).check()
        await form.get_by_label("Subject" if label == "Ticket" else "Title").fill("Call back")
        await form.get_by_label("Customer").fill("Meera")
        await _press(page, form, f"Create {label.lower()}")
        event = site.temporal.events[-1]
        assert event["type"] == type_
        ahead = datetime.fromisoformat(event["data"][due]) - datetime.fromisoformat(event["time"])
        assert round(ahead.total_seconds()) == 60
        assert event["data"]["action_url"] == f"/#{type_.split('.')[0]}/{event['data']['id']}"
        await expect(form.get_by_label("Subject" if label == "Ticket" else "Title")).to_have_value("")
        if undated:
            await form.get_by_label("Subject" if label == "Ticket" else "Title").fill("Some day")
            await form.get_by_role("radio", name=undated).check()
            await _press(page, form, f"Create {label.lower()}")
            assert due not in site.temporal.events[-1]["data"]
    assert site.temporal.events[-1]["data"]["priority"] == "normal"


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ENTITIES)
async def test_a_card_can_be_told_all_that_its_kind_knows(page: Page, site: Site, kind: str) -> None:
    """Ends, a move and another assignee: each the kind's own event, with the whole snapshot but what came once."""
    await _all_kinds(site)
    await page.goto(site.login)
    card = page.locator(f"#card-{kind}-1")
    for number, (label, event) in enumerate(ENDS[kind].items()):
        if number:
            await card.locator("summary", has_text="More").click()
        await _press(page, card, f"{label}: ")
        assert site.temporal.types[-1] == f"{kind}.{event}"
    await card.locator("summary", has_text="Move").click()
    await _press(page, card, "+1 hour")
    moved, field = MOVES[kind]
    last = site.temporal.events[-1]
    assert last["type"] == f"{kind}.{moved}"
    assert datetime.fromisoformat(last["data"][field]) == DUE + timedelta(hours=1)
    if kind == "appointment":
        assert datetime.fromisoformat(last["data"]["ends_at"]) == DUE + timedelta(hours=2)
    await card.locator("summary", has_text="More").click()
    await card.get_by_label("Assign to").fill("ben, ravi")
    await _press(page, card, "Assign: ")
    last = site.temporal.events[-1]
    assert (last["type"], last["data"]["assignee_ids"]) == (f"{kind}.{ASSIGNS[kind]}", ["ben", "ravi"])
    assert not {"message", "previous_assignee_ids"} & last["data"].keys()
    await expect(card.locator(".menu[open]")).to_have_count(0)


@pytest.mark.thorough
async def test_a_ticket_waits_is_answered_and_called_back(page: Page, site: Site) -> None:
    """Waiting stands in its status; a message has its author and comes once; a callback has its instant."""
    await _all_kinds(site)
    await page.goto(site.login)
    card = page.locator("#card-ticket-1")
    await card.locator("summary", has_text="More").click()
    await _press(page, card, "Wait for the customer")
    assert site.temporal.events[-1]["data"]["status"] == "waiting"
    await card.locator("summary", has_text="Reply").click()
    await card.get_by_role("button", name="Send").click()
    await expect(card.get_by_label("Message")).to_be_focused()
    for button, author in {"Send": USER, "Note what the customer wrote": "customer"}.items():
        await card.get_by_label("Message").fill("Is it plugged in?")
        await _press(page, card, button)
        message = site.temporal.events[-1]["data"]["message"]
        assert (site.temporal.types[-1], message["author_id"]) == ("ticket.message", author)
        assert message["text"] == "Is it plugged in?"
        await card.locator("summary", has_text="Reply").click()
    await _press(page, card, "Call back in a minute")
    assert site.temporal.types[-1] == "ticket.callback"
    assert "callback_at" in site.temporal.events[-1]["data"]
    assert len(site.temporal.events) == 4


@pytest.mark.thorough
async def test_what_has_ended_is_opened_again_by_its_own_event(page: Page, site: Site) -> None:
    """With a new time, and nothing else is offered for it."""
    await _all_kinds(site, state="closed")
    await page.goto(site.login)
    await page.get_by_role("radio", name="Closed").check()
    await expect(page.locator(".card")).to_have_count(4)
    for kind, event in REOPENS.items():
        card = page.locator(f"#card-{kind}-1")
        await expect(card.locator("summary")).to_have_count(1)
        await card.locator("summary").click()
        await _press(page, card, "+1 min")
        assert site.temporal.types[-1] == f"{kind}.{event}"


async def test_the_list_is_filtered_by_kind(page: Page, site: Site) -> None:
    """All in one list by their time; one kind alone; and a link opens what it names, whatever the filter."""
    await _all_kinds(site)
    await page.goto(site.login)
    await expect(page.locator(".card")).to_have_count(4)
    await page.get_by_role("radio", name="Follow-ups").check()
    await expect(page.locator(".card")).to_have_count(1)
    await expect(page.locator(".card")).to_contain_text("Follow-up · assigned to asha")
    await page.evaluate("location.hash = '#ticket/1'")
    ticket = page.locator("#card-ticket-1")
    await expect(ticket).to_be_focused()
    await expect(ticket.locator(".steps")).to_be_visible()
    await expect(page.get_by_role("radio", name="All kinds")).to_be_checked()


@pytest.mark.thorough
async def test_a_policy_is_made_short_and_usual_again(page: Page, site: Site) -> None:
    """Per kind; the usual one is the kind's default to the letter, and what no choice speaks of stays."""
    await page.goto(site.login)
    box = page.locator("#policy")
    for label, kind in {
        "Appointment": "appointment",
        "Follow-up": "follow_up",
        "Task": "task",
        "Ticket": "ticket",
    }.items():
        path = f"/v1/admin/policies/{kind}"
        before = (await site.get(path)).json()
        await page.locator("#new").get_by_role("radio", name=label, exact=True).check()
        await expect(box.get_by_role("heading")).to_contain_text(f"Policy for {label.lower()}s")
        await expect(box.get_by_role("button", name="The usual")).to_have_attribute("aria-pressed", "true")
        await box.get_by_role("button", name="Short, to watch").click()
        await expect(page.locator("#policy-now")).to_contain_text("managers after 20 s")
        short = (await site.get(path)).json()
        assert (short["overdue_after"], short["calendar"]) == ("PT0S", None)
        assert short["late_cutoff"] == before["late_cutoff"]
        await box.get_by_role("button", name="The usual").click()
        await expect(page.locator("#policy-now")).to_contain_text("working time")
        assert (await site.get(path)).json() == before
