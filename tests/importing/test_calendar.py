"""What a calendar file comes to: zones, series and their exceptions, texts, and what is refused."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from punctual.events import Event
from store import directory
from tests.importing.conftest import TENANT, Crm, calendar
from tests.world import user

BERLIN = ZoneInfo("Europe/Berlin")
YEAR = timedelta(days=365)
DAILY = "UID:d\nDTSTART;TZID=Europe/Berlin:20260310T090000\nRRULE:FREQ=DAILY;COUNT=5\n"


async def test_a_weekly_series_keeps_its_local_time_over_both_changes(crm: Crm) -> None:
    """09:00 in Berlin stays 09:00 there before, between and after 29 March and 25 October 2026."""
    series = (
        "UID:w\nDTSTART;TZID=Europe/Berlin:20260302T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20261130T080000Z"
    )
    assert await crm.imports(calendar(series), horizon=YEAR) == {"created": 40}
    local = [datetime.fromisoformat(start).astimezone(BERLIN) for start in crm.starts]
    assert {(moment.hour, moment.minute, moment.weekday()) for moment in local} == {(9, 0, 0)}
    assert {start[11:16] for start in crm.starts} == {"08:00", "07:00"}
    assert {event.data["timezone"] for event in crm.sent} == {"Europe/Berlin"}
    assert (await crm.snapshot("w~20260330T070000Z"))["ends_at"] == "2026-03-30T08:00:00Z"


async def test_skipped_and_repeated_times_follow_the_rule(crm: Crm) -> None:
    """In the gap: later by its length; repeated: the first time. By the file's own rules of a zone as well."""
    custom = (
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19701025T030000\n"
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\n"
        "BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n"
        "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
    )
    events = [
        f"UID:{place}-{day}\nDTSTART;TZID={zone}:{day}T023000\nDURATION:PT15M"
        for place, zone in (("iana", "Europe/Berlin"), ("windows", "W. Europe Standard Time"), ("own", "Ours"))
        for day in ("20260329", "20261025")
    ]
    text = calendar(*events).replace("VERSION:2.0\n", f"VERSION:2.0\n{custom}")
    assert await crm.imports(text) == {"created": 6}
    for place in ("iana", "windows", "own"):
        assert (await crm.snapshot(f"{place}-20260329"))["starts_at"] == "2026-03-29T01:30:00Z"
        assert (await crm.snapshot(f"{place}-20261025"))["starts_at"] == "2026-10-25T00:30:00Z"


async def test_an_end_before_a_start_that_the_gap_moved_keeps_its_length(crm: Crm) -> None:
    """02:30 to 03:00 on the night of the change is half an hour, not minus half an hour."""
    await crm.imports(
        calendar("UID:g\nDTSTART;TZID=Europe/Berlin:20260329T023000\nDTEND;TZID=Europe/Berlin:20260329T030000")
    )
    assert (await crm.snapshot("g"))["ends_at"] == "2026-03-29T02:00:00Z"


@pytest.mark.parametrize(
    ("lines", "start", "end", "zone"),
    [
        ("DTSTART:20260310T090000Z\nDTEND:20260310T100000Z", "2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z", None),
        ("DTSTART:20260310T090000", "2026-03-10T03:30:00Z", None, "Asia/Kolkata"),
        ("DTSTART;VALUE=DATE:20260310", "2026-03-09T18:30:00Z", "2026-03-10T18:30:00Z", "Asia/Kolkata"),
        (
            "DTSTART;VALUE=DATE:20260310\nDTEND;VALUE=DATE:20260312",
            "2026-03-09T18:30:00Z",
            "2026-03-11T18:30:00Z",
            "Asia/Kolkata",
        ),
        (
            "DTSTART;TZID=/example.org/v1/America/New_York:20260310T090000\nDURATION:PT90M",
            "2026-03-10T13:00:00Z",
            "2026-03-10T14:30:00Z",
            "America/New_York",
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:P1D",  # a calendar day, of 23 hours here
            "2026-03-28T11:00:00Z",
            "2026-03-29T10:00:00Z",
            "Europe/Berlin",
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20260310T090000\nDTEND;TZID=Europe/London:20260310T093000",
            "2026-03-10T08:00:00Z",
            "2026-03-10T09:30:00Z",
            "Europe/Berlin",
        ),
    ],
)
async def test_each_way_to_tell_the_time_is_understood(
    crm: Crm, lines: str, start: str, end: str | None, zone: str | None
) -> None:
    """UTC, floating, whole days, vendors' zone names, durations, two zones; floating is where the assignee is."""
    async with crm.database.write() as db:
        await directory.put(db, TENANT, [user("asha", timezone="Asia/Kolkata")])
    await crm.imports(calendar(f"UID:x\n{lines}"))
    snapshot = await crm.snapshot("x")
    assert (snapshot["starts_at"], snapshot.get("ends_at"), snapshot.get("timezone")) == (start, end, zone)
    assert snapshot["metadata"].get("all_day", False) is ("VALUE=DATE" in lines)


async def test_timezone_decides_over_the_assignee_and_utc_is_last(crm: Crm) -> None:
    """--timezone, else the zone of who is assigned, else UTC."""
    floating = calendar("UID:x\nDTSTART:20260310T090000")
    await crm.imports(floating)
    assert crm.starts == ["2026-03-10T09:00:00Z"]
    crm.now += timedelta(minutes=1)
    await crm.imports(floating, timezone="Europe/Berlin")
    assert crm.starts == ["2026-03-10T08:00:00Z"]


async def test_exceptions_additions_and_changed_instances_are_followed(crm: Crm) -> None:
    """EXDATE takes out, RDATE adds, RECURRENCE-ID replaces, under the id of the original start."""
    series = DAILY + "EXDATE;TZID=Europe/Berlin:20260311T090000\nRDATE;VALUE=PERIOD:20260401T100000Z/PT2H"
    moved = "UID:d\nRECURRENCE-ID:20260312T080000Z\nDTSTART;TZID=Europe/Berlin:20260320T150000\nSUMMARY:Moved"
    dropped = "UID:d\nRECURRENCE-ID;VALUE=DATE:20260313\nDTSTART;TZID=Europe/Berlin:20260313T090000\nSTATUS:CANCELLED"
    assert await crm.imports(calendar(moved, series, dropped)) == {"created": 4, "unchanged": 1}
    assert {event.data["id"]: event.data["starts_at"] for event in crm.sent} == {
        "d~20260310T080000Z": "2026-03-10T08:00:00Z",
        "d~20260312T080000Z": "2026-03-20T14:00:00Z",
        "d~20260314T080000Z": "2026-03-14T08:00:00Z",
        "d~20260401T100000Z": "2026-04-01T10:00:00Z",
    }
    assert (await crm.snapshot("d~20260401T100000Z"))["ends_at"] == "2026-04-01T12:00:00Z"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", ["03-02", "03-04", "03-09", "03-11"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20260601", ["03-02", "03-27", "04-24", "05-29"]),
        ("FREQ=DAILY;UNTIL=20260304T080000Z", ["03-02", "03-03", "03-04"]),
        ("FREQ=DAILY;UNTIL=20260304T075959Z", ["03-02", "03-03"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=2;UNTIL=20270101T000000Z", ["03-02", "03-16"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ["03-02"]),
        ("FREQ=WEEKLY", ["03-02", "03-09", "03-16", "03-23", "03-30"]),  # up to the horizon
    ],
)
async def test_rules_give_their_days(crm: Crm, rule: str, expected: list[str]) -> None:
    """COUNT, UNTIL as an instant and as a day, BYDAY from the end; DTSTART is always the first instance."""
    days = 30 if rule == "FREQ=WEEKLY" else 365
    series = f"UID:r\nDTSTART;TZID=Europe/Berlin:20260302T090000\nRRULE:{rule}"
    await crm.imports(calendar(series), horizon=timedelta(days=days))
    assert [start[5:10] for start in crm.starts] == expected


async def test_a_long_series_is_cut_with_what_is_to_come_first(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daily series since 2020 gives 1,000 instances, and it is said: all to come, then the latest past ones."""

    async def take_note(event: Event) -> None:
        crm.sent.append(event)

    monkeypatch.setattr(crm, "hear", take_note)
    series = "UID:old\nDTSTART:20200101T090000Z\nRRULE:FREQ=DAILY"
    assert await crm.imports(calendar(series)) == {"created": 1000}
    assert crm.starts[-1] == "2026-05-30T09:00:00Z"
    assert sum(event.type == "appointment.scheduled" for event in crm.sent) == 90
    unheard = "accepted, and not written down by a worker yet; until then the next import counts them anew"
    assert [(note.line, note.text) for note in crm.report.notes] == [
        (3, "recurs more often; 1,000 instances are imported"),
        (0, unheard),
    ]


async def test_a_shift_moves_wall_times_by_whole_days(crm: Crm) -> None:
    """The first day falls on the date; the series goes on at its local time, over a change it did not meet before."""
    series = "UID:s\nDTSTART;TZID=Europe/Berlin:20250106T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"
    single = "UID:x\nDTSTART;TZID=America/New_York:20250110T180000\nDTEND;TZID=America/New_York:20250110T190000"
    assert await crm.imports(calendar(series, single), shift_to=date(2026, 3, 23)) == {"created": 4}
    assert (await crm.snapshot("s~20250106T080000Z"))["starts_at"] == "2026-03-23T08:00:00Z"
    assert (await crm.snapshot("s~20250113T080000Z"))["starts_at"] == "2026-03-30T07:00:00Z"
    assert (await crm.snapshot("x"))["starts_at"] == "2026-03-27T22:00:00Z"
    assert (await crm.snapshot("x"))["ends_at"] == "2026-03-27T23:00:00Z"
