"""Series of follow-ups: their instances, exceptions, and what is still to do of those that are past."""

from datetime import UTC, date, datetime, timedelta

from tests.importing.conftest import Crm, calendar, todo

DAILY = ("UID:d", "DTSTART;TZID=Europe/Berlin:20260310T090000", "DURATION:PT8H", "RRULE:FREQ=DAILY;COUNT=5")


async def test_a_series_is_written_out_up_to_the_horizon(crm: Crm) -> None:
    """Each instance by its own DUE, under the id of its start, at its local time over the change of clocks."""
    series = todo(
        "UID:w", "DTSTART;TZID=Europe/Berlin:20260316T090000", "DUE;TZID=Europe/Berlin:20260316T160000",
        "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20260323T090000",
    )  # fmt: skip
    assert await crm.imports(calendar(series), horizon=timedelta(days=30)) == {"created": 2}
    assert {event.about: event.data["due_at"] for event in crm.sent} == {
        "w~20260316T080000Z": "2026-03-16T15:00:00Z",
        "w~20260330T070000Z": "2026-03-30T14:00:00Z",
    }


async def test_a_series_of_days_is_due_each_day_at_the_end_of_work(crm: Crm) -> None:
    """A rule beside a mere DUE starts there; days stay days over the change of clocks."""
    series = todo("UID:a", "DUE;VALUE=DATE:20260327", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE;VALUE=DATE:20260328")
    assert await crm.imports(calendar(series), timezone="Europe/Berlin") == {"created": 3}
    dues = sorted(event.data["due_at"] for event in crm.sent)
    assert dues == ["2026-03-27T16:00:00Z", "2026-03-29T15:00:00Z", "2026-03-30T15:00:00Z"]
    assert all(event.data["metadata"]["all_day"] for event in crm.sent)


async def test_a_time_on_the_day_that_starts_stays_at_that_time(crm: Crm) -> None:
    """A DTSTART that is a day and a DUE that is a time: by the clock, also on the short day of 29 March."""
    series = todo(
        "UID:m", "DTSTART;VALUE=DATE:20260328", "DUE;TZID=Europe/Berlin:20260328T150000", "RRULE:FREQ=DAILY;COUNT=2"
    )
    await crm.imports(calendar(series), timezone="Europe/Berlin")
    assert sorted(event.data["due_at"] for event in crm.sent) == ["2026-03-28T14:00:00Z", "2026-03-29T13:00:00Z"]


async def test_instances_may_be_done_moved_or_dropped_by_a_component_of_their_own(crm: Crm) -> None:
    """RECURRENCE-ID names the original start; what is refused there is not replaced by the rule's instance."""
    own = ("UID:d", "RECURRENCE-ID;TZID=Europe/Berlin:202603{}T090000")

    def override(day: str, *lines: str) -> str:
        return todo(own[0], own[1].format(day), *lines)

    text = calendar(
        override("10", "DUE;TZID=Europe/Berlin:20260310T170000", "STATUS:COMPLETED"),
        override("11", "DUE;TZID=Europe/Berlin:20260320T120000"),
        override("12", "DUE;TZID=Europe/Berlin:20260312T170000", "STATUS:CANCELLED"),
        override("13"),
        todo(*DAILY),
    )
    assert await crm.imports(text) == {"created": 3, "unchanged": 1, "refused": 1}
    assert {event.about: (event.type, event.data["due_at"]) for event in crm.sent} == {
        "d~20260310T080000Z": ("follow_up.completed", "2026-03-10T16:00:00Z"),
        "d~20260311T080000Z": ("follow_up.created", "2026-03-20T11:00:00Z"),
        "d~20260314T080000Z": ("follow_up.created", "2026-03-14T16:00:00Z"),
    }


async def test_of_a_series_past_instances_only_the_latest_is_still_to_do(crm: Crm) -> None:
    """The others come in closed and silent, so that an old series does not bury people in late work."""
    crm.now = datetime(2026, 3, 13, 12, tzinfo=UTC)
    assert await crm.imports(calendar(todo(*DAILY))) == {"created": 5}
    assert [type_ for type_, _ in crm.types] == ["follow_up.completed"] * 2 + ["follow_up.created"] * 3
    assert await crm.outcomes("d~20260310T080000Z", "follow_up") == [("follow_up.completed", "skipped", "past")]
    crm.now += timedelta(days=7)
    assert await crm.imports(calendar(todo(*DAILY))) == {"unchanged": 5}


async def test_the_latest_past_instance_that_is_done_leaves_nothing_to_do(crm: Crm) -> None:
    """Its own component says so, and those before it are no more to do than they were."""
    crm.now = datetime(2026, 3, 13, 12, tzinfo=UTC)
    done = todo("UID:d", "RECURRENCE-ID:20260312T080000Z", "DUE:20260312T160000Z", "STATUS:COMPLETED")
    earlier = todo("UID:d", "RECURRENCE-ID:20260310T080000Z", "DUE:20260310T160000Z", "STATUS:NEEDS-ACTION")
    await crm.imports(calendar(todo(*DAILY), done, earlier))
    assert [type_.partition(".")[2] for type_, _ in crm.types] == [
        "created", "completed", "completed", "created", "created",
    ]  # fmt: skip


async def test_one_uid_may_be_an_appointment_and_a_follow_up(crm: Crm) -> None:
    """Kinds differ: neither overtakes, spares or cancels the other, and both may have series."""
    event = "UID:x\nDTSTART:20260310T090000Z\nRRULE:FREQ=DAILY;COUNT=2"
    text = calendar(event, todo("UID:x", "DUE:20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=2"))
    assert await crm.imports(text) == {"created": 4}
    assert crm.report.notes == []
    crm.now += timedelta(minutes=1)
    assert await crm.imports(text) == {"unchanged": 4}
    broken = calendar(event, todo("UID:x"))
    assert await crm.imports(broken, sync=True) == {"unchanged": 2, "refused": 1}
    assert await crm.imports(calendar(event), sync=True) == {"unchanged": 2, "cancelled": 2}
    assert {type_ for type_, _ in crm.types} == {"follow_up.cancelled"}


async def test_a_shift_moves_dues_by_whole_days(crm: Crm) -> None:
    """Local times stay: of days, of series over a change of clocks they did not meet before, of a DUE alone."""
    day = todo("UID:day", "DUE;VALUE=DATE:20250108")
    series = todo("UID:s", "DUE;TZID=Europe/Berlin:20250106T090000", "RRULE:FREQ=WEEKLY;COUNT=2")
    shift = date(2026, 3, 23)
    assert await crm.imports(calendar(day, series), shift_to=shift, timezone="Europe/Berlin") == {"created": 3}
    assert {event.about: event.data["due_at"] for event in crm.sent} == {
        "day": "2026-03-25T16:00:00Z",
        "s~20250106T080000Z": "2026-03-23T08:00:00Z",
        "s~20250113T080000Z": "2026-03-30T07:00:00Z",
    }
