"""Writes appointments.ics, appointments.expected.json and appointments.jsonl beside itself; always the same bytes.

The calendar holds what calendars in the field hold: zones by IANA and by Windows name, a zone of the file's own,
floating, whole-day and UTC times, series with exceptions over both changes of daylight saving time, folded lines,
cancelled and broken components. Each entry says what it must come to, and the expected counts are their sum.
"""

import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
FIRST = date(2026, 2, 22)
OPTIONS = {"shift_to": "2026-03-01", "horizon_days": 365, "assignee": "asha", "timezone": "Europe/Berlin"}
NOW = "2026-04-15T12:00:00Z"

PEOPLE = [
    ("Zoë Krämer", "zoe.kraemer@example.com"), ("Łukasz Nowak", "lukasz@example.com"),
    ("प्रिया शर्मा", "priya@example.com"), ("李小龍", "li@example.com"), ("Sean O'Brien", "sean@example.com"),
    (None, "front.desk@example.com"),
]  # fmt: skip
TOPICS = ["First visit", "Contract review", "Product demo", "Quarterly check", "Handover", "Site survey"]

BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
END:VTIMEZONE"""
# What Outlook writes for a zone that it has no name for.
CUSTOM = BERLIN.replace("TZID:Europe/Berlin", "TZID:Customized Time Zone")


class Calendar:
    """Lines of a calendar, and what its components must come to."""

    def __init__(self) -> None:
        self.lines = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Punctual//Example//EN",
            "X-WR-CALNAME:Appointments",
        ]
        self.lines += [*BERLIN.splitlines(), *CUSTOM.splitlines()]
        self.counts = Counter(created=0, moved=0, cancelled=0, unchanged=0, refused=0)
        self.refused: list[dict[str, object]] = []
        self.components = 0

    def event(
        self, uid: str | None, *properties: str, created: int = 1, unchanged: int = 0, refused: str = ""
    ) -> None:
        """A VEVENT that gives so many appointments, or is refused for a reason."""
        number = self.components
        self.components += 1
        name, mail = PEOPLE[number % len(PEOPLE)]
        cn = f';CN="{name}"' if name else ""
        if refused:
            self.refused.append({"line": self._line, "reason": refused})
        body = ["BEGIN:VEVENT", *([f"UID:{uid}"] if uid else []), "DTSTAMP:20260101T000000Z", *properties]
        if not any(line.startswith("SUMMARY") for line in properties):
            body.append(f"SUMMARY:{TOPICS[number % len(TOPICS)]}\\, {name or 'walk-in'}")
        body.append(f"ATTENDEE{cn};ROLE=REQ-PARTICIPANT:mailto:{mail}")
        self._add([*body, "END:VEVENT"])
        self.counts.update(created=0 if refused else created, unchanged=unchanged, refused=1 if refused else 0)

    def text(self) -> str:
        return "\r\n".join([*self.lines, "END:VCALENDAR", ""])

    @property
    def _line(self) -> int:
        return len(self.lines) + 1

    def _add(self, lines: list[str]) -> None:
        for line in lines:
            self.lines += fold(line)


def fold(line: str) -> list[str]:
    """A content line in pieces of at most 75 bytes, never cut inside a character."""
    pieces = [""]
    for character in line:
        if len((pieces[-1] + character).encode()) > 75:
            pieces.append(" ")
        pieces[-1] += character
    return pieces


def singles(calendar: Calendar) -> None:
    """180 appointments, one and a half days apart from February to November, in nine ways to tell the time."""
    for number in range(180):
        day = FIRST + timedelta(hours=36 * number)
        at, end = f"{day:%Y%m%d}T{8 + number % 9:02}0000", f"{day:%Y%m%d}T{8 + number % 9:02}4500"
        times = [
            [f"DTSTART;TZID=Europe/Berlin:{at}", f"DTEND;TZID=Europe/Berlin:{end}"],
            [f"DTSTART;TZID=America/New_York:{at}", f"DTEND;TZID=America/New_York:{end}"],
            [f"DTSTART;TZID=W. Europe Standard Time:{at}", f"DTEND;TZID=W. Europe Standard Time:{end}"],
            [f"DTSTART;TZID=Asia/Kolkata:{at}", "DURATION:PT1H30M"],
            [f"DTSTART:{at}Z", f"DTEND:{end}Z"],
            [f"DTSTART:{at}", f"DTEND:{end}"],
            [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"],
            [f'DTSTART;TZID="India Standard Time":{at}'],
            [f"DTSTART;TZID=Customized Time Zone:{at}", "DURATION:PT30M"],
        ][number % 9]
        uid = f"single-{number}" if number % 2 else f"single-{number}@example.com"
        if number % 20 == 19:
            calendar.event(uid, *times, "STATUS:CANCELLED", created=0, unchanged=1)
        else:
            place = (
                "LOCATION:Schönhauser Allee 36\\, 10435 Berlin\\; second courtyard on the left\\, ring at “Krämer”"
            )
            calendar.event(uid, *times, "STATUS:CONFIRMED", *([place] if number % 3 == 0 else []))


def series(calendar: Calendar) -> None:
    """Series that end within the year, so that what they give does not depend on the day of the import."""
    weekly = "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261109T080000Z"  # 2 March to 9 November: 37 Mondays
    calendar.event(
        "weekly-berlin", "DTSTART;TZID=Europe/Berlin:20260302T090000", "DTEND;TZID=Europe/Berlin:20260302T093000",
        weekly, "EXDATE;TZID=Europe/Berlin:20260406T090000,20260525T090000", created=37 - 2 - 1 - 1,
    )  # fmt: skip
    calendar.event(
        "weekly-berlin", "RECURRENCE-ID;TZID=Europe/Berlin:20260420T090000",
        "DTSTART;TZID=Europe/Berlin:20260421T140000", "DURATION:PT30M", "SUMMARY:Weekly\\, moved to Tuesday",
    )  # fmt: skip
    calendar.event(
        "weekly-berlin", "RECURRENCE-ID:20260427T070000Z", "DTSTART;TZID=Europe/Berlin:20260427T090000",
        "STATUS:CANCELLED", created=0, unchanged=1,
    )  # fmt: skip
    calendar.event(
        "board@example.com", "DTSTART;TZID=Eastern Standard Time:20260303T100000", "DURATION:PT2H",
        "RRULE:FREQ=MONTHLY;BYDAY=1TU;COUNT=9", created=9,
    )  # fmt: skip
    calendar.event(
        "stand-up", "DTSTART;TZID=Europe/Berlin:20260323T083000", "DURATION:PT15M", "RRULE:FREQ=DAILY;COUNT=10",
        "EXDATE;TZID=Europe/Berlin:20260328T083000", created=9,
    )  # fmt: skip
    calendar.event("payday", "DTSTART;VALUE=DATE:20260331", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=7", created=7)
    calendar.event(
        "tour", "DTSTART;TZID=Asia/Kolkata:20260505T110000", "DURATION:PT3H",
        "RDATE;TZID=Asia/Kolkata:20260612T110000,20260703T150000", created=3,
    )  # fmt: skip
    calendar.event("utc-sync", "DTSTART:20260922T130000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=5", created=5)
    # The hour that is skipped on 29 March, and the one that comes twice on 25 October, once shifted by a week.
    calendar.event("in-the-gap", "DTSTART;TZID=Europe/Berlin:20260322T023000", "DURATION:PT30M")
    calendar.event("twice", "DTSTART;TZID=Europe/Berlin:20261018T023000", "DURATION:PT30M")


def broken(calendar: Calendar) -> None:
    calendar.event("no-start", "DTEND:20260401T100000Z", refused="has no DTSTART")
    calendar.event(
        "nowhere", "DTSTART;TZID=Mars/Olympus_Mons:20260401T100000",
        refused="the time zone 'Mars/Olympus_Mons' is not known",
    )  # fmt: skip
    calendar.event(
        "backwards", "DTSTART:20260401T100000Z", "DTEND:20260401T090000Z", refused="has a DTEND before its DTSTART"
    )
    calendar.event(None, "DTSTART:20260401T100000Z", refused="has no UID")
    calendar.event("word", "DTSTART:tomorrow", refused="has an unreadable DTSTART")


def events() -> list[dict[str, object]]:
    """Two appointments that come in, one of which moves, is confirmed and held; the other is cancelled."""

    def event(number: int, type_: str, id_: str, day: int, **more: str) -> dict[str, object]:
        start = datetime(2027, 3, day, 10)  # noqa: DTZ001 - a wall time in the zone below
        data = {
            "id": id_, "title": "Product demo", "customer_name": "Zoë Krämer", "timezone": "Europe/Berlin",
            "starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat(),
            "assignee_ids": ["asha"], "metadata": {}, **more,
        }  # fmt: skip
        time = f"2026-01-05T09:{number:02}:00Z"
        return {"specversion": "1.0", "id": f"example-{number}", "type": type_, "time": time, "data": data}

    recorded = [
        event(1, "appointment.scheduled", "example-a", 1),
        event(2, "appointment.scheduled", "example-b", 2),
        event(3, "appointment.rescheduled", "example-a", 29),
        event(4, "appointment.updated", "example-a", 29, location="Room 2"),
        event(5, "appointment.cancelled", "example-b", 2),
        event(6, "appointment.confirmed", "example-a", 29, location="Room 2"),
        event(7, "appointment.scheduled", "example-c", 8),
        event(8, "appointment.cancelled", "example-c", 8),
        event(9, "appointment.scheduled", "example-c", 9),
    ]
    return [*recorded, recorded[0]]


def main() -> None:
    calendar = Calendar()
    singles(calendar)
    series(calendar)
    broken(calendar)
    for number in range(10):  # a day on the coast, each with an address of its own
        day = FIRST + timedelta(days=200 + number)
        calendar.event(
            f"coast-{number}", f"DTSTART;TZID=/example.com/Europe/Lisbon:{day:%Y%m%d}T070000", "DURATION:P1D",
            "URL:/appointments/coast",
        )  # fmt: skip
    recorded = events()
    expected = {
        "appointments.ics": {
            "now": NOW,
            "options": OPTIONS,
            "components": {"VEVENT": calendar.components},
            "counts": dict(calendar.counts),
            "refused": calendar.refused,
        },
        "appointments.jsonl": {
            "now": NOW,
            "counts": {"created": 3, "moved": 4, "cancelled": 2, "unchanged": 1, "refused": 0},
        },
    }
    (HERE / "appointments.ics").write_bytes(calendar.text().encode())
    (HERE / "appointments.expected.json").write_text(json.dumps(expected, indent=2) + "\n", "utf-8")
    lines = [json.dumps(event, ensure_ascii=False) for event in recorded]
    (HERE / "appointments.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
