"""What an import sends: the difference between the file and what is known, and nothing else."""

from datetime import timedelta

import pytest

from importing import ImportFileError
from punctual.events import Event
from tests.importing.conftest import NOW, Crm, calendar, single

MINUTE = timedelta(minutes=1)


async def test_a_newer_file_moves_what_moved_and_nothing_else(crm: Crm) -> None:
    """New times are `rescheduled`, other differences `updated`; the same again sends nothing."""
    before = calendar(single("a"), single("b"), single("c"))
    after = calendar(single("a"), single("b", "20260311"), single("c", "20260310", "LOCATION:Room 2"))
    assert await crm.imports(before) == {"created": 3}
    assert await crm.imports(before) == {"unchanged": 3}
    crm.now += MINUTE
    assert await crm.imports(after) == {"moved": 2, "unchanged": 1}
    assert [(event.type, event.data["id"]) for event in crm.sent] == [
        ("appointment.rescheduled", "b"),
        ("appointment.updated", "c"),
    ]
    assert await crm.imports(after) == {"unchanged": 3}
    assert {event.source for event in crm.sent} <= {"import"}


async def test_there_and_back_again_is_three_events(crm: Crm) -> None:
    """Going back to a former state is told too, though its content was sent before."""
    ids = set()
    for day in ("20260310", "20260311", "20260310", "20260311"):
        crm.now += MINUTE
        await crm.imports(calendar(single("x", day)))
        ids |= {event.id for event in crm.sent}
        assert (await crm.snapshot("x"))["starts_at"] == f"2026-03-{day[-2:]}T09:00:00Z"
    assert len(ids) == 4


async def test_the_same_import_before_it_was_heard_sends_the_same_event(crm: Crm) -> None:
    """The event's id comes from its content and the state it meets, not from the clock."""
    ids = []
    for _ in range(2):
        crm.now += MINUTE
        await crm.imports(calendar(single()), dry_run=False)
        ids.append(crm.sent[0].id)
        async with crm.database.write() as db:
            await db.exec_driver_sql("DELETE FROM entities")
            await db.exec_driver_sql("DELETE FROM steps")
    assert ids[0] == ids[1]


async def test_the_past_comes_in_closed_and_silent(crm: Crm) -> None:
    """What is over at the first import is `completed`, with nothing planned and nobody told; later too."""
    assert await crm.imports(calendar(single("x", "20260101"))) == {"created": 1}
    assert await crm.outcomes("x") == [("appointment.completed", "skipped", "past")]
    entity = await crm.entity("x")
    assert entity is not None and entity.state == "closed"
    assert await crm.imports(calendar(single("x", "20260101", "SUMMARY:Other words"))) == {"unchanged": 1}


async def test_a_past_one_that_is_known_and_open_stays_unless_moved(crm: Crm) -> None:
    """How it went is still asked; new words change nothing, a new time does."""
    await crm.imports(calendar(single()))
    crm.now += timedelta(days=30)
    assert await crm.imports(calendar(single("x", "20260310", "SUMMARY:Other words"))) == {"unchanged": 1}
    assert await crm.imports(calendar(single("x", "20260410"))) == {"moved": 1}


async def test_a_completed_one_that_moves_ahead_is_open_again(crm: Crm) -> None:
    """A newer file moves what came in as past."""
    await crm.imports(calendar(single("x", "20260101")))
    crm.now += MINUTE
    assert await crm.imports(calendar(single("x", "20260310"))) == {"moved": 1}
    entity = await crm.entity("x")
    assert entity is not None and entity.state == "open"


async def test_cancelled_counts_only_where_it_was_open(crm: Crm) -> None:
    """STATUS:CANCELLED closes what is open, once; of what was never here nothing is told."""
    cancelled = calendar(single("x", "20260310", "STATUS:CANCELLED"), single("y", "20260310", "STATUS:CANCELLED"))
    await crm.imports(calendar(single("x")))
    crm.now += MINUTE
    assert await crm.imports(cancelled) == {"cancelled": 1, "unchanged": 1}
    assert [event.type for event in crm.sent] == ["appointment.cancelled"]
    assert await crm.imports(cancelled) == {"unchanged": 2}
    assert await crm.entity("y") is None


async def test_what_an_import_cancelled_another_takes_up_again(crm: Crm) -> None:
    """Cancelled in one file and on again in the next: open. What the CRM cancelled itself stays so."""
    for day in (single("x"), single("x", "20260310", "STATUS:CANCELLED"), single("x")):
        crm.now += MINUTE
        counts = await crm.imports(calendar(day))
    assert counts == {"moved": 1}
    crm.now += MINUTE
    data = await crm.snapshot("x")
    await crm.hear(Event(id="1", type="appointment.cancelled", time=crm.now, data=data))
    assert await crm.imports(calendar(single("x"))) == {"unchanged": 1}


async def test_only_sync_cancels_what_is_missing(crm: Crm) -> None:
    """Of this file's name, still to come, and missing; a refused component is not missing, nor another file's."""
    await crm.imports(calendar(*(single(uid) for uid in ("kept", "gone", "broken")), single("past", "20260301")))
    await crm.imports(calendar(single("other")), "other.ics")
    newer = calendar(single("kept"), "UID:broken\nDTSTART:soon")
    crm.now += timedelta(days=1)
    assert await crm.imports(newer) == {"unchanged": 1, "refused": 1}
    assert await crm.imports(newer, sync=True) == {"unchanged": 1, "cancelled": 1, "refused": 1}
    assert [(event.type, event.data["id"]) for event in crm.sent] == [("appointment.cancelled", "gone")]
    assert await crm.imports(newer, sync=True) == {"unchanged": 1, "refused": 1}


async def test_sync_leaves_what_lies_beyond_the_horizon(crm: Crm) -> None:
    """A nearer horizon sees less of a series, and what it does not see is not missing."""
    series = calendar("UID:s\nDTSTART:20260310T090000Z\nRRULE:FREQ=WEEKLY")
    shorter = calendar("UID:s\nDTSTART:20260310T090000Z\nRRULE:FREQ=WEEKLY;COUNT=2")
    await crm.imports(series, horizon=timedelta(days=60))
    crm.now += MINUTE
    assert await crm.imports(series, horizon=timedelta(days=20), sync=True) == {"unchanged": 2}
    assert await crm.imports(shorter, horizon=timedelta(days=25), sync=True) == {"unchanged": 2, "cancelled": 1}
    assert crm.starts == ["2026-03-24T09:00:00Z"]


async def test_sync_refuses_a_file_that_ends_in_the_middle(crm: Crm) -> None:
    """What is cut off would look missing."""
    with pytest.raises(ImportFileError, match="ends in the middle"):
        await crm.imports(calendar(single()).replace("END:VCALENDAR\n", ""), sync=True)


async def test_a_dry_run_counts_the_same_and_sends_nothing(crm: Crm) -> None:
    """Created, moved, cancelled, unchanged and refused as the real run has them right after."""
    await crm.imports(calendar(*(single(uid) for uid in "abcd")))
    newer = calendar(
        single("a"), single("b", "20260312"), single("c", "20260310", "STATUS:CANCELLED"), single("n"), "UID:bad"
    )
    crm.now += MINUTE
    dry = await crm.imports(newer, sync=True, dry_run=True)
    assert crm.sent == []
    assert dry == {"created": 1, "moved": 1, "cancelled": 2, "unchanged": 1, "refused": 1}
    assert await crm.imports(newer, sync=True) == dry
    assert len(crm.sent) == 4


async def test_a_renamed_file_changes_nothing(crm: Crm) -> None:
    """The file's name is for --sync only."""
    await crm.imports(calendar(single()), "march.ics")
    assert await crm.imports(calendar(single()), "march (1).ics") == {"unchanged": 1}


async def test_the_file_is_the_newest_word_where_a_sender_is_ahead(crm: Crm) -> None:
    """An event stamped a little in the future does not keep a newer file from moving the appointment."""
    await crm.imports(calendar(single()))
    data = {**await crm.snapshot("x"), "title": "From the CRM"}
    await crm.hear(Event(id="1", type="appointment.updated", time=NOW + 4 * MINUTE, data=data))
    assert await crm.imports(calendar(single("x", "20260312"))) == {"moved": 1}
    assert (await crm.snapshot("x"))["starts_at"] == "2026-03-12T09:00:00Z"
