"""`compose`: fires a step once, however often and about whatever it is asked."""

from datetime import timedelta

import pytest

from activities import audience
from punctual.protocol import Act, Composed, PlanRequest
from store import entities
from tests.activities.conftest import HOUR, REF, REMINDER, START, Office, attempt
from tests.store.rows import dump

STALE = Composed(outcome="superseded", reason="stale", stage="closed")


async def _everything(office: Office) -> object:
    async with office.database.read() as db:
        return await dump(db, REF.tenant)


async def test_asked_twice_it_answers_the_same_and_writes_nothing_more(office: Office) -> None:
    """The second attempt finds the first one's rows, at whatever time it comes, and only repeats the hints."""
    await office.plan()
    first = await office.compose()
    before = await _everything(office)
    assert await office.compose(at=START + 24 * HOUR) == first
    assert await _everything(office) == before
    assert (first.outcome, first.stage) == ("sent", "open")
    assert [item.channel for item in first.pending] == ["email", "web_push"]
    hints = [(m.user.id, m.delivery_id, m.version, m.unread) for m in office.channels["websocket"].sent]
    assert sorted(hints[:2]) == sorted(hints[2:])
    assert {hint[0] for hint in hints} == {"asha", "ben"}


async def test_asked_again_it_names_only_what_is_still_to_be_sent(reminded: Office) -> None:
    """Once the mails are out, an attempt that is repeated does not start them again."""
    await reminded.deliver()
    assert [item.channel for item in (await reminded.compose()).pending] == ["web_push"]


async def test_a_step_of_an_entity_nobody_knows_is_stale(office: Office) -> None:
    """There is nothing to tell, nothing is written, and the workflow may end."""
    before = await _everything(office)
    assert await office.compose() == STALE
    assert await _everything(office) == before


async def test_a_step_that_was_never_planned_is_stale(office: Office) -> None:
    """The entity is there, the step is not; and another tenant's entity of that id does not count."""
    await office.plan()
    before = await _everything(office)
    assert await office.compose("reminder-PT9H-20261120T110000Z") == STALE
    assert await office.compose(ref=REF.model_copy(update={"tenant": "other"})) == STALE
    assert await _everything(office) == before


async def test_a_step_that_was_superseded_is_not_fired(office: Office) -> None:
    """Cancelled between the timer and this attempt: the answer says so, and nobody is told."""
    await office.plan()
    await office.plan("cancelled", START - 2 * HOUR + timedelta(minutes=1))
    composed = await office.compose()
    assert (composed.outcome, composed.reason, composed.pending) == ("superseded", "cancelled", [])
    assert await office.mails() == {}
    assert office.channels["websocket"].sent == []


@pytest.mark.parametrize("late", [timedelta(0), HOUR])
async def test_a_reminder_at_or_after_its_instant_is_skipped(office: Office, late: timedelta) -> None:
    """A reminder is never sent when what it announces has begun; its row says that it came too late."""
    await office.plan()
    composed = await office.compose(at=START + late)
    assert (composed.outcome, composed.reason, composed.pending) == ("skipped", "late", [])
    assert await office.mails() == {}
    async with office.database.read() as db:
        told = await entities.entry(db, REF, REMINDER)
    assert told is not None and (told.outcome, told.reason, told.at) == ("skipped", "late", START + late)


async def test_an_instant_before_it_is_still_told(office: Office) -> None:
    """Late, but of use: sent."""
    await office.plan()
    assert (await office.compose(at=START - timedelta(microseconds=1))).outcome == "sent"


async def test_an_attempt_that_comes_after_its_step_was_put_off_tells_nobody(office: Office) -> None:
    """Snoozed while the attempt was on its way: the step is as it was, and the workflow is told to plan again."""
    await office.plan()
    snooze = Act(id="s", what="snooze", user_id="asha", until=START - HOUR / 2)
    at = START - HOUR
    await attempt(at, office.planning.plan, PlanRequest(ref=REF, now=at, acts=[snooze]))
    before = await _everything(office)
    composed = await office.compose(at=at + timedelta(seconds=2))
    assert (composed.outcome, composed.reason, composed.replan) == ("deferred", "snoozed", True)
    assert await _everything(office) == before
    assert office.channels["websocket"].sent == []


async def test_asked_again_for_a_page_it_repeats_the_hints_of_that_page_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last page of a large audience was written and perhaps not announced; the others were."""
    monkeypatch.setattr(audience, "PAGE", 1)
    await office.plan()
    first = await office.compose()
    assert first.more == "asha"
    for _ in range(2):
        last = await office.compose(after="asha")
        assert (last.outcome, last.more) == ("sent", None)
    hinted = [(message.user.id, message.version) for message in office.channels["websocket"].sent]
    assert hinted == [("asha", 1), ("ben", 1), ("ben", 1)]


async def test_a_page_that_is_composed_twice_changes_each_inbox_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first attempt was committed, and nobody lived to hear it."""
    monkeypatch.setattr(audience, "PAGE", 1)
    await office.plan()
    assert await office.compose() == await office.compose()
    assert [message.version for message in office.channels["websocket"].sent] == [1, 1]
