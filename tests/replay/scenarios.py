"""The lives whose histories are kept: each a short real one, in real time, of every workflow type."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from activities import digest
from punctual.client import TASK_QUEUE, look
from punctual.policy import Escalation, Level, Policy, Reminder
from punctual.preferences import Preferences
from punctual.registry import KINDS
from store import inbox, preferences
from tests.eventually import eventually
from tests.store.rows import note
from tests.world import World, user

POLICY = Policy(
    reminders=[Reminder(before="PT4S"), Reminder(before="PT2S")],
    overdue_after="PT1S",
    escalation=Escalation(
        levels=[
            Level(to="assignees", after="PT0S"),
            Level(to="managers", after="PT1S"),
            Level(to="role:admin", after="PT2S"),
        ]
    ),
)  # fmt: skip
PEOPLE = (
    user("asha", manager_id="ravi"),
    user("ben", manager_id="ravi"),
    user("ravi"),
    user("olga", roles=["admin"]),
)


@dataclass(frozen=True)
class Words:
    """What each kind calls the same thing."""

    begins: str
    moves: str
    field: str
    ends: str
    cancels: str
    again: str
    reminder: str
    overdue: str
    told: str = ""

    @property
    def begun(self) -> str:
        return self.told or self.begins


WORDS = {
    "appointment": Words("scheduled", "rescheduled", "starts_at", "completed", "cancelled", "rescheduled",
                         "appointment.reminder", "appointment.outcome_missing"),
    "follow_up": Words("created", "rescheduled", "due_at", "completed", "cancelled", "created",
                       "follow_up.reminder", "follow_up.overdue"),
    "task": Words("created", "updated", "due_at", "completed", "cancelled", "created",
                  "task.reminder", "task.overdue", told="assigned"),
    "ticket": Words("created", "updated", "resolution_due_at", "resolved", "closed", "reopened",
                    "ticket.reminder", "ticket.overdue"),
}  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


class Teller:
    """Tells a world of one entity, in its kind's own words."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.words = WORDS[world.kind]

    async def tell(self, type_: str, due: datetime, **data: Any) -> WorkflowHandle[Any, Any]:
        return await self.world.tell(self.world.event(type_, _now(), **{self.words.field: due}, **data))

    async def told(self, type_: str, times: int = 1, who: str = "asha") -> None:
        name = type_ if "." in type_ else f"{self.world.kind}.{type_}"

        async def enough() -> bool:
            return (await self.world.types(who)).count(name) >= times

        await eventually(enough, within=30)


async def reminded_and_ended(world: World) -> None:
    """The happy path: told of, reminded twice, overdue, ended in time."""
    crm = Teller(world)
    due = _now() + timedelta(seconds=6)
    handle = await crm.tell(crm.words.begins, due)
    await crm.told(crm.words.overdue)
    await crm.tell(crm.words.ends, due)
    await handle.result()


async def escalated_and_acknowledged(world: World) -> None:
    """The manager hears of it, is reminded by hand, reassigns it and takes it; then it ends."""
    crm = Teller(world)
    due = _now() + timedelta(seconds=1)
    handle = await crm.tell(crm.words.begins, due)
    await crm.told(crm.words.overdue, who="ravi")
    await handle.execute_update("remind_now", {"user_id": "ravi"})
    await crm.tell(crm.words.moves, due, assignee_ids=["ben"])
    await handle.execute_update("acknowledge", {"user_id": "ravi"})
    await handle.execute_update("snooze", {"user_id": "ravi", "until": (_now() + timedelta(seconds=1)).isoformat()})
    await crm.told("escalation.acknowledged", who="asha")
    await crm.tell(crm.words.ends, due, assignee_ids=["ben"])
    await handle.result()


async def rescheduled_and_cancelled(world: World) -> None:
    """Moved while asleep, planned anew by hand, then cancelled with a reminder still ahead."""
    crm = Teller(world)
    handle = await crm.tell(crm.words.begins, _now() + timedelta(hours=2))
    await crm.told(crm.words.begun)
    due = _now() + timedelta(seconds=5)
    await crm.tell(crm.words.moves, due)
    await crm.told(crm.words.reminder)
    await handle.signal("replan")
    await crm.tell(crm.words.cancels, due)
    await handle.result()


async def refused_duplicate_and_stale(world: World) -> None:
    """Events that change nothing, in one mailbox with those that do."""
    crm = Teller(world)
    due = _now() + timedelta(hours=2)
    begins = world.event(crm.words.begins, _now(), **{crm.words.field: due})
    handle = await world.tell(begins)
    await world.tell(begins)
    await handle.signal("event", {"type": f"{world.kind}.updated"})
    await world.tell(world.event(crm.words.moves, _now() - timedelta(hours=1), **{crm.words.field: due}))
    await crm.told(crm.words.begun)
    await crm.tell(crm.words.ends, due)
    await handle.result()


async def reopened(world: World) -> None:
    """Cancelled, then opened anew: a second run under the same id; then an event after the end: a third."""
    crm = Teller(world)
    due, told = _now() + timedelta(hours=2), list[str]()
    for type_ in (crm.words.begins, crm.words.cancels, crm.words.again, crm.words.ends, "updated"):
        handle = await crm.tell(type_, due)
        if type_ != "updated":
            told.append(crm.words.begun if type_ == crm.words.begins else type_)
            await crm.told(told[-1], told.count(told[-1]))
        if type_ in (crm.words.cancels, crm.words.ends, "updated"):
            await handle.result()


async def continued_as_new(world: World) -> None:
    """So many changes that the history is continued, and the reminders of the last change still come."""
    crm = Teller(world)
    due = _now() + timedelta(hours=2)
    handle = await crm.tell(crm.words.begins, due)
    for number in range(1, 12):
        await crm.tell("updated", due, metadata={"round": number})
        await crm.told("updated", number)
    due = _now() + timedelta(seconds=6)
    await crm.tell(crm.words.moves, due)
    await crm.told(crm.words.reminder, 2)
    await crm.tell(crm.words.ends, due)
    await crm.told(crm.words.ends)
    await asyncio.wait_for(world.client.get_workflow_handle(handle.id).result(), 20)


async def messages_and_waiting(world: World) -> None:
    """A ticket's own: messages, a callback, a clock that stands and goes on, and the first answer late."""
    crm = Teller(world)
    due = _now() + timedelta(minutes=10)
    about = {"first_response_due_at": _now() + timedelta(seconds=1), "requester_id": "ben"}
    handle = await crm.tell("created", due, **about)
    await crm.told("response_overdue")
    for number, author in enumerate(("ben", "asha")):
        words = {"id": f"m{number}", "author_id": author, "text": "Hello"}
        await crm.tell("message", due, message=words, **about)
    await crm.told("message")
    await crm.tell("callback", due, callback_at=_now() + timedelta(seconds=1), status="waiting", **about)
    await crm.told("callback_due")
    await crm.tell("updated", due, status="open", **about)
    await crm.tell("resolved", due, **about)
    await handle.result()


async def _single(world: World, id_: str, **data: Any) -> WorkflowHandle[Any, Any]:
    digest = hashlib.sha256(f"crm\0{id_}".encode()).hexdigest()[:32]
    event = {"id": id_, "type": "custom", "data": {"title": "Hello", "message": "Lunch", **data}}
    return await world.client.start_workflow(
        "Notification", None, id=world.ref(digest).workflow_id, task_queue=TASK_QUEUE,
        start_signal="event", start_signal_args=[event],
    )  # fmt: skip


async def told_at_once(world: World) -> None:
    """A single event and its repetition, whose run finds nothing to do."""
    for _ in range(2):
        handle = await _single(world, "one", recipients={"user_ids": ["asha"], "roles": ["admin"]}, priority="high")
        await handle.result()


async def told_later(world: World) -> None:
    """One that waits for its time, and one that is refused."""
    at = (_now() + timedelta(seconds=2)).isoformat()
    await (await _single(world, "two", recipients={"user_ids": ["asha"]}, send_at=at)).result()
    await (await _single(world, "three", colour="red")).result()


async def _quiet(world: World, until: datetime) -> World:
    """Asha's quiet hours have begun; what is told from now on is a single event."""
    start = f"{_now() - timedelta(hours=1):%H:%M}"
    await world.choose(quiet_hours={"enabled": True, "start": start, "end": f"{until:%H:%M}"})
    return replace(world, kind="notification")


async def _held_back(world: World, *ids: str) -> WorkflowHandle[Any, Any]:
    """Important things that her quiet hours hold back; the workflow that will send them."""
    for id_ in ids:
        await (await _single(world, id_, recipients={"user_ids": ["asha"]}, priority="high")).result()
    return world.client.get_workflow_handle(f"{world.tenant}/quiet_hours/asha")


async def quiet_ended(world: World) -> None:
    """Two things are held back until the minute is over, and are sent as one summary by each channel."""
    until = (_now() + timedelta(seconds=65)).replace(second=0)
    handle = await _held_back(await _quiet(world, until), "one", "two")
    await asyncio.wait_for(handle.result(), 90)


async def chosen_anew(world: World) -> None:
    """She looks often, so that the history is continued; then she switches her quiet hours off."""
    handle = await _held_back(await _quiet(world, _now() + timedelta(hours=2)), "one")
    for _ in range(12):
        await look(world.client, world.tenant, "asha", _now())
        await asyncio.sleep(0.2)
    async with world.database.write() as db:
        await preferences.choose(db, world.tenant, "asha", Preferences(), _now())
    await look(world.client, world.tenant, "asha", _now())
    await asyncio.wait_for(handle.result(), 60)


# A run makes the digests of all tenants.
_IN_TURN = asyncio.Lock()


async def _digests(world: World, people: int, page: int) -> None:
    """A run of the schedule finds the digests of some people due, so many in one call, and sends them."""
    names = [f"user-{number}" for number in range(people)]
    await world.people(*map(user, names))
    async with _IN_TURN:
        usual, digest.PAGE = digest.PAGE, page
        async with world.database.write() as db:
            rows = [note(f"n-{name}", user_id=name, step_key=name, created_at=_now()) for name in names]
            await inbox.add(db, world.tenant, rows)
        for name in names:
            await world.choose(name, digest={"frequency": "weekly"}, digest_at=_now())
        handle = await world.client.start_workflow("Digest", id=f"{world.tenant}-run", task_queue=TASK_QUEUE)
        await asyncio.wait_for(handle.result(), 60)
        digest.PAGE = usual


async def digests_sent(world: World) -> None:
    """A few, in one call."""
    await _digests(world, people=3, page=100)


async def digests_continued(world: World) -> None:
    """So many calls that the history is continued."""
    await _digests(world, people=15, page=1)


Scenario = Callable[[World], Awaitable[None]]
_OF_ENTITIES: tuple[Scenario, ...] = (
    reminded_and_ended,
    escalated_and_acknowledged,
    rescheduled_and_cancelled,
    refused_duplicate_and_stale,
    reopened,
    continued_as_new,
)
SCENARIOS: dict[str, tuple[Scenario, ...]] = {
    **dict.fromkeys(WORDS, _OF_ENTITIES),
    "ticket": (*_OF_ENTITIES, messages_and_waiting),
    "notification": (told_at_once, told_later),
    "quiet_hours": (quiet_ended, chosen_anew),
    "digest": (digests_sent, digests_continued),
}
assert set(SCENARIOS) >= set(KINDS), "every workflow type has its histories: add the new kind to WORDS"
