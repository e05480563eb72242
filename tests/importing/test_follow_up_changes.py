"""What an import sends about follow-ups that are known: the difference between the file and the store."""

from datetime import timedelta

import pytest

from punctual.events import Event
from tests.importing.conftest import Crm, calendar, single, todo

MINUTE = timedelta(minutes=1)


def follow_up(uid: str = "x", day: str = "20260310", *more: str) -> str:
    """One follow-up that is due at three in the afternoon, UTC."""
    return todo(f"UID:{uid}", f"DUE:{day}T150000Z", *more)


async def test_a_newer_file_moves_changes_and_reassigns(crm: Crm) -> None:
    """A new due is `rescheduled`, another assignee `reassigned`, all else `updated`; the same again sends nothing."""
    before = calendar(*(follow_up(uid) for uid in "abcde"))
    assert await crm.imports(before) == {"created": 5}
    crm.now += MINUTE
    assert await crm.imports(before) == {"unchanged": 5}
    after = calendar(
        follow_up("a"),
        follow_up("b", "20260311"),
        follow_up("c", "20260310", "SUMMARY:Other words"),
        follow_up("d", "20260311", "X-PUNCTUAL-ASSIGNEE:ben"),
        follow_up("e", "20260310", "PERCENT-COMPLETE:50"),
    )
    assert await crm.imports(after) == {"moved": 4, "unchanged": 1}
    assert crm.types == [
        ("follow_up.rescheduled", "b"),
        ("follow_up.updated", "c"),
        ("follow_up.reassigned", "d"),
        ("follow_up.updated", "e"),
    ]
    reassigned = next(event for event in crm.sent if event.about == "d")
    assert reassigned.data["previous_assignee_ids"] == ["asha"]
    assert reassigned.data["due_at"] == "2026-03-11T15:00:00Z"
    crm.now += MINUTE
    assert await crm.imports(after) == {"unchanged": 5}


async def test_somebody_more_is_a_reassignment_and_another_order_is_not(crm: Crm) -> None:
    """Who stays is not relieved; `previous_assignee_ids` names only who is."""
    for people in ("asha", "asha,ben", "carla,ben"):
        crm.now += MINUTE
        await crm.imports(calendar(follow_up("x", "20260310", f"X-PUNCTUAL-ASSIGNEE:{people}")))
    assert [(event.type, event.data["previous_assignee_ids"]) for event in crm.sent] == [
        ("follow_up.reassigned", ["asha"])
    ]
    crm.now += MINUTE
    await crm.imports(calendar(follow_up("x", "20260310", "X-PUNCTUAL-ASSIGNEE:ben,carla")))
    assert [event.type for event in crm.sent] == ["follow_up.updated"]


async def test_late_work_is_still_changed_by_its_file(crm: Crm) -> None:
    """Unlike an appointment that is over, it is still to do: words, people and times count."""
    await crm.imports(calendar(follow_up("a"), follow_up("b")))
    crm.now += timedelta(days=30)
    changed = calendar(follow_up("a", "20260310", "SUMMARY:Other words"), follow_up("b", "20260320"))
    assert await crm.imports(changed) == {"moved": 2}
    assert crm.types == [("follow_up.updated", "a"), ("follow_up.rescheduled", "b")]


@pytest.mark.parametrize("done", [["STATUS:COMPLETED"], ["COMPLETED:20260302T100000Z"]])
async def test_a_newer_file_completes_and_opens_again(crm: Crm, done: list[str]) -> None:
    """Done closes it, once; to do again is `created`, which opens it, even where it is late by then."""
    await crm.imports(calendar(follow_up()))
    crm.now += MINUTE
    finished = calendar(follow_up("x", "20260310", *done))
    assert await crm.imports(finished) == {"moved": 1}
    assert crm.types == [("follow_up.completed", "x")]
    assert await crm.state("x") == "closed"
    crm.now += MINUTE
    assert await crm.imports(finished) == {"unchanged": 1}
    crm.now += timedelta(days=30)
    assert await crm.imports(calendar(follow_up("x", "20260310", "STATUS:NEEDS-ACTION"))) == {"moved": 1}
    assert crm.types == [("follow_up.created", "x")]
    assert await crm.state("x") == "open"
    crm.now += MINUTE
    assert await crm.imports(finished) == {"moved": 1}
    assert await crm.state("x") == "closed"


async def test_what_came_in_done_opens_when_it_is_to_do(crm: Crm) -> None:
    """A file that first had it completed and then not."""
    await crm.imports(calendar(follow_up("x", "20260220", "STATUS:COMPLETED")))
    crm.now += MINUTE
    assert await crm.imports(calendar(follow_up("x", "20260220", "STATUS:IN-PROCESS"))) == {"moved": 1}
    assert await crm.state("x") == "open"


async def test_what_the_crm_has_closed_only_a_new_due_ahead_opens(crm: Crm) -> None:
    """The file, which does not know, leaves it done; a task that comes again has moved."""
    await crm.imports(calendar(follow_up()))
    data = await crm.snapshot("x", "follow_up")
    crm.now += MINUTE
    await crm.hear(Event(id="1", type="follow_up.completed", time=crm.now, data=data))
    crm.now += MINUTE
    assert await crm.imports(calendar(follow_up("x", "20260310", "SUMMARY:Other words"))) == {"unchanged": 1}
    assert await crm.imports(calendar(follow_up("x", "20260225"))) == {"unchanged": 1}
    assert await crm.imports(calendar(follow_up("x", "20260317"))) == {"moved": 1}
    assert crm.types == [("follow_up.created", "x")]
    assert await crm.state("x") == "open"


async def test_cancelled_closes_once_and_is_taken_up_again(crm: Crm) -> None:
    """STATUS:CANCELLED of what is open; of what is closed or was never here nothing is told."""
    await crm.imports(calendar(follow_up("x"), follow_up("done")))
    crm.now += MINUTE
    await crm.imports(calendar(follow_up("done", "20260310", "STATUS:COMPLETED")))
    crm.now += MINUTE
    cancelled = calendar(*(follow_up(uid, "20260310", "STATUS:CANCELLED") for uid in ("x", "done", "never")))
    assert await crm.imports(cancelled) == {"cancelled": 1, "unchanged": 2}
    assert crm.types == [("follow_up.cancelled", "x")]
    crm.now += MINUTE
    assert await crm.imports(cancelled) == {"unchanged": 3}
    assert await crm.imports(calendar(follow_up("x", "20260310", "STATUS:COMPLETED"))) == {"unchanged": 1}
    assert await crm.imports(calendar(follow_up("x"))) == {"moved": 1}
    assert crm.types == [("follow_up.created", "x")]


async def test_only_sync_cancels_what_is_missing_of_both_kinds(crm: Crm) -> None:
    """Late work included, once; not what is done, refused, another file's, or an appointment that is over."""
    first = calendar(
        *(follow_up(uid) for uid in ("kept", "gone", "broken")),
        follow_up("late", "20260220"), follow_up("done", "20260220", "STATUS:COMPLETED"),
        single("visit"), single("past", "20260301"),
    )  # fmt: skip
    await crm.imports(first)
    await crm.imports(calendar(follow_up("other")), "other.ics")
    await crm.hear(Event(
        id="1", type="follow_up.created", time=crm.now,
        data={"id": "own", "title": "t", "due_at": "2026-03-10T15:00:00Z", "assignee_ids": ["asha"], "metadata": {}},
    ))  # fmt: skip
    crm.now += timedelta(days=1)
    newer = calendar(follow_up("kept"), todo("UID:broken", "DUE:soon"))
    assert await crm.imports(newer) == {"unchanged": 1, "refused": 1}
    assert await crm.imports(newer, sync=True, dry_run=True) == {"unchanged": 1, "cancelled": 3, "refused": 1}
    assert crm.sent == []
    assert await crm.imports(newer, sync=True) == {"unchanged": 1, "cancelled": 3, "refused": 1}
    assert crm.types == [
        ("follow_up.cancelled", "gone"),
        ("follow_up.cancelled", "late"),
        ("appointment.cancelled", "visit"),
    ]
    for _ in range(2):
        crm.now += MINUTE
        assert await crm.imports(newer, sync=True) == {"unchanged": 1, "refused": 1}
        assert crm.sent == []
    assert [await crm.state(id_) for id_ in ("gone", "late", "own", "other")] == ["closed", "closed", "open", "open"]


async def test_sync_after_a_reassignment_cancels_what_is_there_now(crm: Crm) -> None:
    """Who was relieved earlier has nothing to do with it any more."""
    for people in ("asha", "ben"):
        crm.now += MINUTE
        await crm.imports(calendar(follow_up("x", "20260310", f"X-PUNCTUAL-ASSIGNEE:{people}")))
    crm.now += MINUTE
    assert await crm.imports(calendar(single("y")), sync=True) == {"created": 1, "cancelled": 1}
    gone = next(event for event in crm.sent if event.type == "follow_up.cancelled")
    assert gone.data["assignee_ids"] == ["ben"] and "previous_assignee_ids" not in gone.data


async def test_sync_leaves_follow_ups_beyond_the_horizon(crm: Crm) -> None:
    """A nearer horizon sees less of a series, and what it does not see is not missing."""
    series = calendar(todo("UID:s", "DUE:20260310T150000Z", "RRULE:FREQ=WEEKLY"))
    await crm.imports(series, horizon=timedelta(days=60))
    crm.now += MINUTE
    assert await crm.imports(series, horizon=timedelta(days=20), sync=True) == {"unchanged": 2}
    shorter = calendar(todo("UID:s", "DUE:20260310T150000Z", "RRULE:FREQ=WEEKLY;COUNT=2"))
    assert await crm.imports(shorter, horizon=timedelta(days=25), sync=True) == {"unchanged": 2, "cancelled": 1}


async def test_an_instance_is_completed_moved_and_left_out_by_newer_files(crm: Crm) -> None:
    """Only that instance; one that EXDATE takes out is cancelled by --sync."""
    series = ("UID:s", "DUE:20260310T150000Z", "RRULE:FREQ=WEEKLY;COUNT=3")
    await crm.imports(calendar(todo(*series)))
    crm.now += MINUTE
    newer = calendar(
        todo(*series),
        todo("UID:s", "RECURRENCE-ID:20260310T150000Z", "DUE:20260310T150000Z", "STATUS:COMPLETED"),
        todo("UID:s", "RECURRENCE-ID:20260317T150000Z", "DUE:20260318T150000Z"),
    )
    assert await crm.imports(newer) == {"moved": 2, "unchanged": 1}
    assert crm.types == [
        ("follow_up.completed", "s~20260310T150000Z"),
        ("follow_up.rescheduled", "s~20260317T150000Z"),
    ]
    crm.now += MINUTE
    without = newer.replace("RRULE:FREQ=WEEKLY;COUNT=3", "RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20260324T150000Z")
    assert await crm.imports(without) == {"unchanged": 2}
    assert await crm.imports(without, sync=True) == {"unchanged": 2, "cancelled": 1}


async def test_a_dry_run_counts_follow_ups_as_the_real_run_does(crm: Crm) -> None:
    """Every column, and nothing is sent."""
    await crm.imports(calendar(*(follow_up(uid) for uid in "abcde")))
    crm.now += MINUTE
    newer = calendar(
        follow_up("a"),
        follow_up("b", "20260312"),
        follow_up("c", "20260310", "STATUS:CANCELLED"),
        follow_up("d", "20260310", "STATUS:COMPLETED"),
        follow_up("n"),
        todo("UID:bad"),
    )
    dry = await crm.imports(newer, sync=True, dry_run=True)
    assert crm.sent == []
    assert dry == {"created": 1, "moved": 2, "cancelled": 2, "unchanged": 1, "refused": 1}
    assert await crm.imports(newer, sync=True) == dry
    assert len(crm.sent) == 5


async def test_a_renamed_file_changes_no_follow_up(crm: Crm) -> None:
    """The file's name is for --sync only."""
    await crm.imports(calendar(follow_up()), "march.ics")
    assert await crm.imports(calendar(follow_up()), "march (1).ics") == {"unchanged": 1}
