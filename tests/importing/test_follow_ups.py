"""What VTODOs come to: when each is due, whether it is done, and what is refused."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from importing import ics
from importing.calendars import Contents, Frame, Reader
from importing.report import Report
from punctual.follow_up import FollowUp
from store import directory
from tests.importing.conftest import NOW, TENANT, Crm, calendar, todo
from tests.world import user

DUE = "DUE:20260310T150000Z"
PAST = "DUE:20260220T150000Z"
SECOND = timedelta(seconds=1)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Cairo")


def read(text: str, zone: str = "UTC", now: datetime = NOW) -> Contents:
    """What a file wants, read without a store."""
    reader = Reader(ics.split(text.encode()), Report(), "asha")
    return reader.read({}, zone, Frame("file", now, now + timedelta(days=90)))


async def test_a_vtodo_becomes_a_follow_up(crm: Crm) -> None:
    """Title, customer, address, priority and progress; alarms, relations and descriptions are left out."""
    text = todo(
        "UID:x", "SUMMARY:Send\\, then call", DUE, "PRIORITY:3", "PERCENT-COMPLETE:40", "STATUS:IN-PROCESS",
        'ATTENDEE;CN="Müller, Jörg":mailto:jm@example.com', "URL:/f/1", "DESCRIPTION:secret", "RELATED-TO:y",
        "BEGIN:VALARM", "TRIGGER:-PT5M", "DUE:20260301T000000Z", "END:VALARM",
    )  # fmt: skip
    assert await crm.imports(calendar(text)) == {"created": 1}
    assert crm.types == [("follow_up.created", "x")]
    assert await crm.snapshot("x", "follow_up") == {
        "id": "x", "title": "Send, then call", "customer_name": "Müller, Jörg", "due_at": "2026-03-10T15:00:00Z",
        "assignee_ids": ["asha"], "action_url": "/f/1",
        "metadata": {"ical_uid": "x", "import": "file", "priority": 3, "percent_complete": 40},
    }  # fmt: skip
    assert await crm.state("x") == "open"


async def test_what_says_little_has_a_plain_title_and_no_numbers(crm: Crm) -> None:
    """Without SUMMARY and ATTENDEE; a PRIORITY of 0 means none, and numbers out of their range are none."""
    await crm.imports(calendar(todo("UID:x", DUE, "PRIORITY:0", "PERCENT-COMPLETE:101", "GEO:nowhere")))
    snapshot = await crm.snapshot("x", "follow_up")
    assert snapshot["title"] == "Follow-up" and "customer_name" not in snapshot
    assert snapshot["metadata"] == {"ical_uid": "x", "import": "file"}


@pytest.mark.parametrize(
    ("lines", "due", "zone"),
    [
        (["DUE:20260310T150000Z"], "2026-03-10T15:00:00Z", None),
        (["DUE;TZID=Europe/Berlin:20260310T150000"], "2026-03-10T14:00:00Z", "Europe/Berlin"),
        (["DUE;TZID=Eastern Standard Time:20260310T150000"], "2026-03-10T19:00:00Z", "America/New_York"),
        (["DUE:20260310T150000"], "2026-03-10T09:30:00Z", "Asia/Kolkata"),
        (["DUE;VALUE=DATE:20260310"], "2026-03-10T11:30:00Z", "Asia/Kolkata"),
        (["DUE;TZID=Europe/Berlin;VALUE=DATE:20260310"], "2026-03-10T16:00:00Z", "Europe/Berlin"),
        (["DTSTART;TZID=Europe/Berlin:20260310T090000", "DURATION:PT90M"], "2026-03-10T09:30:00Z", "Europe/Berlin"),
        # A day of a DURATION is a calendar day, of 23 hours here.
        (["DTSTART;TZID=Europe/Berlin:20260328T120000", "DURATION:P1D"], "2026-03-29T10:00:00Z", "Europe/Berlin"),
        (["DTSTART;VALUE=DATE:20260310", "DURATION:P2D"], "2026-03-12T11:30:00Z", "Asia/Kolkata"),
        (["DTSTART;VALUE=DATE:20260310", "DURATION:PT9H"], "2026-03-10T03:30:00Z", "Asia/Kolkata"),
        (["DTSTART;VALUE=DATE:20260310", "DUE;VALUE=DATE:20260312"], "2026-03-12T11:30:00Z", "Asia/Kolkata"),
        (["DTSTART:20260310T090000Z", "DUE;VALUE=DATE:20260312"], "2026-03-12T11:30:00Z", "Asia/Kolkata"),
        (["DTSTART;VALUE=DATE:20260310", "DUE;TZID=Europe/Berlin:20260310T150000"], "2026-03-10T14:00:00Z",
         "Europe/Berlin"),
        (["DTSTART;TZID=Asia/Tokyo:20260310T090000", "DUE;TZID=Europe/Berlin:20260310T093000"],
         "2026-03-10T08:30:00Z", "Europe/Berlin"),
        (["DTSTART:20260301T090000Z", "DURATION:P1D", "DUE:20260310T150000Z"], "2026-03-10T15:00:00Z", None),
        # The hour that is skipped: later by its length. The hour that comes twice: the first time.
        (["DUE;TZID=Europe/Berlin:20260329T023000"], "2026-03-29T01:30:00Z", "Europe/Berlin"),
        (["DUE;TZID=Europe/Berlin:20261025T023000"], "2026-10-25T00:30:00Z", "Europe/Berlin"),
        (["DTSTART;TZID=Europe/Berlin:20260329T023000", "DUE;TZID=Europe/Berlin:20260329T030000"],
         "2026-03-29T02:00:00Z", "Europe/Berlin"),
    ],
)  # fmt: skip
async def test_each_way_to_say_when_is_understood(crm: Crm, lines: list[str], due: str, zone: str | None) -> None:
    """DUE, or DTSTART with DURATION; floating is where the assignee is; a day is 17:00 on it."""
    async with crm.database.write() as db:
        await directory.put(db, TENANT, [user("asha", timezone="Asia/Kolkata")])
    assert await crm.imports(calendar(todo("UID:x", *lines))) == {"created": 1}
    snapshot = await crm.snapshot("x", "follow_up")
    assert (snapshot["due_at"], snapshot.get("timezone")) == (due, zone)
    local = datetime.fromisoformat(due).astimezone(ZoneInfo(zone or "UTC"))
    assert snapshot["metadata"].get("all_day", False) is (local.hour == 17)


@given(st.dates(date(1971, 1, 1), date(2199, 12, 30)), st.sampled_from(ZONES))
def test_a_day_is_due_on_that_very_day_wherever_it_is(day: date, zone: str) -> None:
    """Whatever daylight saving does, what is due on a day is due at 17:00 of it where its people are."""
    assume((zone, day) != ("Pacific/Apia", date(2011, 12, 30)))  # Samoa had no such day
    wanted = read(calendar(todo("UID:x", f"DUE;VALUE=DATE:{day:%Y%m%d}")), zone).wanted["follow_up", "x"]
    due = datetime.fromisoformat(wanted.data["due_at"]).astimezone(ZoneInfo(zone))
    assert (due.date(), due.hour, due.minute) == (day, 17, 0)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)), st.timedeltas(timedelta(), timedelta(days=400)),
    st.sampled_from(ZONES), st.booleans(),
)  # fmt: skip
def test_no_due_lies_before_its_start(start: datetime, length: timedelta, zone: str, by_due: bool) -> None:
    """A wall time that is not before another gives an instant that is not before it, over every change of clocks."""
    start, length = start.replace(microsecond=0), length // SECOND * SECOND
    end = f"DUE;TZID={zone}:{start + length:%Y%m%dT%H%M%S}" if by_due else f"DURATION:PT{length // SECOND}S"
    begin = f"{{}};TZID={zone}:{start:%Y%m%dT%H%M%S}"
    whole = read(calendar(todo("UID:x", begin.format("DTSTART"), end))).wanted["follow_up", "x"]
    at_start = read(calendar(todo("UID:x", begin.format("DUE")))).wanted["follow_up", "x"]
    assert datetime.fromisoformat(whole.data["due_at"]) >= datetime.fromisoformat(at_start.data["due_at"])


async def test_floating_times_are_where_timezone_says(crm: Crm) -> None:
    """--timezone decides over the assignee's own zone; without either it is UTC."""
    floating = calendar(todo("UID:x", "DUE:20260310T150000"), todo("UID:y", "DUE;VALUE=DATE:20260310"))
    await crm.imports(floating)
    assert [(await crm.snapshot(id_, "follow_up"))["due_at"][11:16] for id_ in "xy"] == ["15:00", "17:00"]
    crm.now += timedelta(minutes=1)
    assert await crm.imports(floating, timezone="America/New_York") == {"moved": 2}
    assert [(await crm.snapshot(id_, "follow_up"))["due_at"][11:16] for id_ in "xy"] == ["19:00", "21:00"]


@pytest.mark.parametrize(
    ("lines", "types", "state"),
    [
        ([PAST], ["follow_up.created"], "open"),
        ([PAST, "STATUS:NEEDS-ACTION"], ["follow_up.created"], "open"),
        ([PAST, "STATUS:IN-PROCESS", "COMPLETED:20260220T140000Z"], ["follow_up.created"], "open"),
        ([PAST, "STATUS:COMPLETED"], ["follow_up.completed"], "closed"),
        ([PAST, "status:completed"], ["follow_up.completed"], "closed"),
        ([PAST, "COMPLETED:20260220T140000Z"], ["follow_up.completed"], "closed"),
        ([PAST, "STATUS:X-DONE", "COMPLETED:20260220T140000Z"], ["follow_up.completed"], "closed"),
        ([PAST, "STATUS:CANCELLED", "COMPLETED:20260220T140000Z"], [], None),
        ([DUE, "STATUS:COMPLETED"], ["follow_up.completed"], "closed"),
        ([DUE, "STATUS:CANCELLED"], [], None),
        ([DUE, "PERCENT-COMPLETE:100"], ["follow_up.created"], "open"),
    ],
)
async def test_status_decides_and_else_completed(
    crm: Crm, lines: list[str], types: list[str], state: str | None
) -> None:
    """Late work is open; done is done by STATUS, or by COMPLETED where STATUS says nothing; cancelled never comes."""
    await crm.imports(calendar(todo("UID:x", *lines)))
    assert [event.type for event in crm.sent] == types
    assert await crm.state("x") == state


async def test_what_is_done_and_past_is_silent_and_what_is_late_is_told_of_once(crm: Crm) -> None:
    """Nobody hears of what was done in time; of late work only that it is there: its past steps are skipped."""
    done = todo("UID:done", PAST, "STATUS:COMPLETED")
    assert await crm.imports(calendar(done, todo("UID:late", PAST))) == {"created": 2}
    assert await crm.outcomes("done", "follow_up") == [("follow_up.completed", "skipped", "past")]
    told = await crm.outcomes("late", "follow_up")
    assert ("follow_up.created", "planned", None) in told
    assert {(outcome, reason) for type_, outcome, reason in told if type_ != "follow_up.created"} == {
        ("skipped", "past")
    }


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["UID:x"], "has no DUE, nor DTSTART with DURATION"),
        (["UID:x", "DTSTART:20260310T090000Z"], "has no DUE, nor DTSTART with DURATION"),
        (["UID:x", "DURATION:PT1H"], "has no DUE, nor DTSTART with DURATION"),
        ([DUE], "has no UID"),
        (["UID:x", "DUE:soon"], "has an unreadable DUE"),
        (["UID:x", "DUE:20260230T090000Z"], "has an unreadable DUE"),
        (["UID:x", DUE, "COMPLETED:yes"], "has an unreadable COMPLETED"),
        (["UID:x", DUE, DUE], "has more than one DUE"),
        (["UID:x", "DUE;TZID=Mars/Olympus:20260310T090000"], "the time zone 'Mars/Olympus' is not known"),
        (["UID:x", "DTSTART:20260311T090000Z", DUE], "has a DUE before its DTSTART"),
        (["UID:x", "DTSTART:20260311T090000Z", "DUE;VALUE=DATE:20260310"], "has a DUE before its DTSTART"),
        (["UID:x", "DTSTART:20260311T090000Z", "DURATION:-PT1H"], "has a DURATION that is none"),
        (["UID:x", DUE, "RRULE:FREQ=MINUTELY"], "recurs MINUTELY; daily is the most often"),
        (["UID:x", DUE, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260310T150000Z"],
         "uses RANGE=THISANDFUTURE; write the later instances as a series of their own"),
        (["UID:x", "DUE:19010310T090000Z"], "/data/due_at: must be between the years 1970 and 2200"),
        (["UID:x", "DUE;VALUE=DATE:00010101"], "/data/due_at: must be between the years 1970 and 2200"),
        (["UID:x", DUE, "X-PUNCTUAL-ASSIGNEE:not an id"],
         "/data/assignee_ids/0: must match ^[A-Za-z0-9._~-]{1,128}$"),
    ],
)  # fmt: skip
async def test_a_bad_vtodo_is_named_and_stops_nothing(crm: Crm, lines: list[str], reason: str) -> None:
    """Its line and its reason; what comes before and after is imported."""
    text = calendar(todo("UID:before", DUE), todo(*lines), todo("UID:after", DUE))
    assert await crm.imports(text) == {"created": 2, "refused": 1}
    assert [(found.line, found.what, found.text) for found in crm.report.refused] == [(7, "VTODO", reason)]


async def test_a_vtodo_needs_somebody_and_may_name_them(crm: Crm) -> None:
    """X-PUNCTUAL-ASSIGNEE goes before --assignee, as for events."""
    text = calendar(todo("UID:x", DUE, "X-PUNCTUAL-ASSIGNEE:ben,carla"), todo("UID:y", DUE))
    assert await crm.imports(text, assignee=None) == {"created": 1, "refused": 1}
    assert (await crm.snapshot("x", "follow_up"))["assignee_ids"] == ["ben", "carla"]
    assert crm.refusals == [(8, "has no assignee: give --assignee, or X-PUNCTUAL-ASSIGNEE in the component")]


@given(st.lists(st.sampled_from([
    "UID:x", "UID:y", DUE, PAST, "DUE;VALUE=DATE:20260310", "DTSTART:20260308T090000Z", "DURATION:P1D",
    "STATUS:COMPLETED", "STATUS:NEEDS-ACTION", "STATUS:CANCELLED", "COMPLETED:20260301T000000Z", "COMPLETED:",
    "RRULE:FREQ=WEEKLY;COUNT=3", "RDATE:20260401T100000Z", "EXDATE:20260310T150000Z", "PRIORITY:high",
    "RECURRENCE-ID:20260310T150000Z", "RECURRENCE-ID;VALUE=DATE:20260310", "DTSTART;VALUE=DATE:20260308", "garbage",
]), max_size=10))  # fmt: skip
def test_whatever_a_vtodo_holds_it_is_wanted_or_refused(lines: list[str]) -> None:
    """Any mixture of properties gives follow-ups that an event may carry, or a refusal with a reason; no error."""
    report = Report()
    reader = Reader(ics.split(calendar(todo(*lines)).encode()), report, "asha")
    contents = reader.read({}, "Europe/Berlin", Frame("file", NOW, NOW + timedelta(days=90)))
    assert bool(contents.wanted) is not bool(report.refused)
    for wanted in contents.wanted.values():
        assert FollowUp.model_validate(wanted.data).id == wanted.key[1]
