"""Audiences of several pages: nobody is lost and nobody told twice, whatever comes while they are being told."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from activities import audience
from activities.channels.base import SENT, Message, Result
from punctual.policy import Escalation, Level, Policy
from store.engine import Database
from tests.eventually import eventually
from tests.workflows.test_single_events import entity_id, post
from tests.world import Recorder, World, living, user

H = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
EVENT = {"title": "Tonight", "message": "At six.", "priority": "urgent", "recipients": {"everyone": True}}
NAMES = [f"u{number:02}" for number in range(12)]


class Held(Recorder):
    """A provider that answers when it is told to."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.may_answer = asyncio.Event()

    async def send(self, message: Message) -> Result:
        await self.may_answer.wait()
        self.sent.append(message)
        return SENT


class Interrupted(Recorder):
    """Hints, of which those of the third page bring news to the workflow."""

    def __init__(self, name: str, world: World) -> None:
        super().__init__(name)
        self.world = world
        self.pages = 0

    async def announce(self, messages: Sequence[Message]) -> None:
        self.sent += messages
        self.pages += 1
        if self.pages == 3:
            await post(self.world, "c1", "custom", **EVENT)


async def test_news_in_the_middle_of_a_large_audience_costs_nobody_a_mail(
    temporal: WorkflowEnvironment, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mail of the first pages is under way when the last page is told; each gets one, and inboxes change once."""
    monkeypatch.setattr(audience, "PAGE", 3)
    async with living(sqlite, temporal.client) as world:
        mail = world.channels["email"] = Held("email")
        hints = world.channels["websocket"] = Interrupted("websocket", world)
        await world.people(*map(user, NAMES))
        handle = await post(world, "c1", "custom", **EVENT)

        async def told() -> bool:
            return ("sent", None) in (await world.timeline(entity_id("c1"))).values()

        await eventually(told)
        mail.may_answer.set()
        await handle.result()
        everybody = Counter([*NAMES, "asha", "ravi"])
        assert Counter(message.user.id for message in mail.sent) == everybody
        assert {message.version for message in hints.sent} == {1}
        hinted = Counter(message.user.id for message in hints.sent)
        assert hinted.keys() == everybody.keys()
        assert [hinted[name] for name in sorted(everybody)[:6]] == [1] * 6


@pytest.mark.parametrize(
    ("unreachable", "outcome"),
    [(NAMES[:5], ("sent", None)), (NAMES[10:], ("sent", None)), (NAMES, ("withheld", "unreachable"))],
)
async def test_a_level_of_several_pages_is_judged_as_a_whole(
    world: World,
    virtual: WorkflowEnvironment,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    unreachable: list[str],
    outcome: tuple[str, str | None],
) -> None:
    """All pages are told, and one who can be reached is enough, on whichever page."""
    monkeypatch.setattr(audience, "PAGE", 5)
    world.kind = "follow_up"
    await world.people(*(user(name, teams=["duty"]) for name in NAMES))
    for name in ("email", "web_push"):
        world.channels[name].reasons = dict.fromkeys(unreachable, "no_address")
    levels = [
        Level(to="assignees", after="PT0S"),
        Level(to="team:duty", after="PT1M"),
        Level(to="user:ravi", after="PT5H"),
    ]
    await world.follow(Policy(overdue_after="PT0S", escalation=Escalation(levels=levels)))
    await world.tell(world.event("created", now, due_at=now + H))
    await virtual.sleep(H + 2 * MINUTE)
    assert [name for name in NAMES if await world.types(name) != ["follow_up.overdue"]] == []
    shown = [value for key, value in (await world.timeline()).items() if key.endswith("level-team-duty")]
    assert shown == [outcome]
    assert bool(await world.types("ravi")) == (outcome[0] == "withheld")


async def test_levels_that_meet_are_told_to_the_last_page(
    world: World, virtual: WorkflowEnvironment, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first page of people who were told just now is not the end of it."""
    monkeypatch.setattr(audience, "PAGE", 3)
    world.kind = "follow_up"
    await world.people(*(user(name, teams=["duty"]) for name in NAMES))
    levels = [Level(to="team:duty", after="PT0S")]
    await world.follow(Policy(overdue_after="PT0S", escalation=Escalation(levels=levels)))
    await world.tell(world.event("created", now, due_at=now + H, assignee_ids=NAMES[:4]))
    await virtual.sleep(H + MINUTE)
    assert [name for name in NAMES if (await world.types(name)).count("follow_up.overdue") != 1] == []
