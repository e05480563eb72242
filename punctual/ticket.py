"""Tickets: a customer waits for a first answer and for a resolution, by the business calendar."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from punctual.kind import Kind, Scene
from punctual.policy import OFFICE_HOURS, Escalation, Level, Policy, Reminder
from punctual.snapshot import LocalInstant, Snapshot
from punctual.timeline import Step, in_order, overdue, reminders
from punctual.wire import Id, Line, Priority, Strict, Text, Title, delta, stamp


class Message(Strict):
    """What somebody wrote."""

    id: Id
    author_id: Id
    text: Text


class Ticket(Snapshot):
    """A whole ticket. While it is `waiting` (for the customer), its clock stands."""

    subject: Title
    customer_name: Line | None = None
    priority: Priority
    status: Literal["open", "waiting"] = "open"
    opened_at: LocalInstant
    first_response_due_at: LocalInstant | None = None
    resolution_due_at: LocalInstant | None = None
    callback_at: LocalInstant | None = None
    requester_id: Id | None = None
    message: Message | None = None


DEFAULT = Policy(
    reminders=[Reminder(before="PT1H")],
    overdue_after="PT0S",
    escalation=Escalation(
        levels=[
            Level(to="assignees", after="PT0S"),
            Level(to="managers", after="PT30M"),
            Level(to="managers_of_managers", after="PT2H"),
            Level(to="role:admin", after="PT8H"),
        ]
    ),
    calendar=OFFICE_HOURS,
    first_response={"urgent": "PT30M", "high": "PT2H", "normal": "PT4H", "low": "PT9H"},
    resolution={"urgent": "PT4H", "high": "PT9H", "normal": "PT27H", "low": "PT45H"},
)


def timeline(ticket: Ticket, scene: Scene) -> list[Step]:
    """The callback whenever it is due; first answer and resolution while the clock runs."""
    steps: list[Step] = []
    if ticket.callback_at is not None:
        key = f"callback-{stamp(ticket.callback_at)}"
        due = ticket.callback_at
        steps.append(Step(key=key, type="ticket.callback_due", stage="reminder", due_at=due, deadline=due))
    if ticket.status == "waiting":
        return steps
    policy = scene.policy
    resolution = _deadline(ticket, scene, "resolution_due_at", policy.resolution)
    if resolution is not None:
        steps += reminders(policy.reminders, resolution, KIND.reminder, scene.zone, scene.working)
    if policy.overdue_after is not None:
        grace = delta(policy.overdue_after)
        if resolution is not None:
            steps.append(overdue("ticket.overdue", resolution, scene.working.add(resolution, grace)))
        response = None if _answered(ticket, scene) else _response(ticket, scene)
        if response is not None:
            due = scene.working.add(response, grace)
            steps.append(overdue("ticket.response_overdue", response, due, "response-overdue"))
    return in_order(steps)


def _response(ticket: Ticket, scene: Scene) -> datetime | None:
    return _deadline(ticket, scene, "first_response_due_at", scene.policy.first_response)


def _deadline(ticket: Ticket, scene: Scene, field: str, by_policy: Mapping[Priority, str] | None) -> datetime | None:
    """What the event names, else the policy's working time since the ticket was opened; moved by all waiting."""
    working = scene.working
    named: datetime | None = getattr(ticket, field)
    if named is not None:
        # A value that was named after some waiting has allowed for it already.
        since = _named_since(scene.past, field, named)
        waited = [(start, end) for start, end in _waits(scene.past) if start >= since]
        start, left = named, delta("PT0S")
    elif by_policy and ticket.priority in by_policy:
        start = max(ticket.opened_at, scene.reopened_at or ticket.opened_at)
        waited = [(max(begun, start), end) for begun, end in _waits(scene.past) if end > start]
        left = delta(by_policy[ticket.priority])
    else:
        return None
    due = working.add(start, left) if left else start
    for begun, end in waited:
        if begun >= due:
            break
        left += working.between(begun, end)
        due = working.add(start, left) if left else start
    return due


def _waits(past: Sequence[Mapping[str, Any]]) -> Iterator[tuple[datetime, datetime]]:
    """From when to when the ticket waited; a wait that lasts is not among them, for then nothing is due."""
    begun: datetime | None = None
    for event in past:
        at, closes = _time(event), event["mark"][1]
        if event.get("status") == "waiting" and not closes:
            begun = begun or at
        elif begun is not None:
            yield begun, at
            begun = None


def _named_since(past: Sequence[Mapping[str, Any]], field: str, value: datetime) -> datetime:
    """Since when events have named this instant without a break."""
    since = _time(past[-1]) if past else value
    for event in reversed(past):
        given = event.get(field)
        if given is None or datetime.fromisoformat(given) != value:
            break
        since = _time(event)
    return since


def _time(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["mark"][0])


def _answered(ticket: Ticket, scene: Scene) -> bool:
    """Whether anybody but the one who asked has written since it was opened."""
    since = scene.reopened_at
    for event in scene.past:
        message = event.get("message") or {}
        author = message.get("author_id")
        if author is None or (since is not None and _time(event) < since):
            continue
        if author != ticket.requester_id and (ticket.requester_id is not None or author in event["assignee_ids"]):
            return True
    return False


KIND = Kind(
    name="ticket",
    workflow="Ticket",
    snapshot=Ticket,
    events={
        "ticket.created": "changes",
        "ticket.assigned": "changes",
        "ticket.updated": "changes",
        "ticket.message": "changes",
        "ticket.callback": "changes",
        "ticket.resolved": "closes",
        "ticket.closed": "closes",
        "ticket.reopened": "opens",
    },
    default_policy=DEFAULT,
    due=lambda ticket: ticket.resolution_due_at,
    over=lambda ticket: None,
    timeline=timeline,
    reminder="ticket.reminder",
    own_words={"ticket.message": ("message",), "ticket.callback": ("callback_at",)},
    keeps=("status", "message", "callback_at", "first_response_due_at", "resolution_due_at", "assignee_ids"),
)
