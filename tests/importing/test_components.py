"""Components as calendars write them, good and bad."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from importing import ics
from importing.texts import base_id
from punctual.wire import Id
from tests.importing.conftest import Crm, calendar


async def test_words_are_cleaned_and_the_customer_is_found(crm: Crm) -> None:
    """Escapes, folds inside a character, control characters, length; the customer by name, else by address."""
    long = "é" * 400
    text = calendar(
        "UID:a\nDTSTART:20260310T090000Z\nSUMMARY:Tea\\, cake\\; \x07“more”\\nsoon\nLOCATION:Room\u202e 2\n"
        'ATTENDEE;CN="Müller, Jörg":mailto:jm@example.com\nATTENDEE:mailto:b@example.com\n'
        "URL:javascript:alert(1)\nDESCRIPTION:secret",
        f"UID:b@example.com\nDTSTART:20260310T090000Z\nSUMMARY:{long}\nATTENDEE:MAILTO:ann.lee@example.com\nURL:/a/1",
        "UID:c\nDTSTART:20260310T090000Z",
    )
    path = crm.folder / "words.ics"
    content = text.encode().replace("Müller".encode(), b"M\xc3\r\n \xbcller")
    path.write_bytes(b"\xef\xbb\xbf" + content)
    assert await crm.imports(path) == {"created": 3}
    first = await crm.snapshot("a")
    assert (first["title"], first["location"]) == ("Tea, cake; “more” soon", "Room 2")
    assert first["customer_name"] == "Müller, Jörg"
    assert "action_url" not in first and "secret" not in str(first)
    second = await crm.snapshot(base_id("b@example.com"))
    assert (second["title"], second["customer_name"], second["action_url"]) == (long[:300], "ann.lee", "/a/1")
    assert second["metadata"]["ical_uid"] == "b@example.com"
    assert [(await crm.snapshot("c"))[name] for name in ("title", "customer_name")] == ["Appointment", ""]


async def test_the_component_may_name_its_own_assignees(crm: Crm) -> None:
    """X-PUNCTUAL-ASSIGNEE goes before --assignee; without either the component is refused."""
    own = calendar(
        "UID:x\nDTSTART:20260310T090000Z\nX-PUNCTUAL-ASSIGNEE:ben,carla", "UID:y\nDTSTART:20260310T090000Z"
    )
    assert await crm.imports(own, assignee=None) == {"created": 1, "refused": 1}
    assert (await crm.snapshot("x"))["assignee_ids"] == ["ben", "carla"]
    assert crm.refusals == [(8, "has no assignee: give --assignee, or X-PUNCTUAL-ASSIGNEE in the component")]


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ("UID:x", "has no DTSTART"),
        ("DTSTART:20260310T090000Z", "has no UID"),
        ("UID:x\nDTSTART:20261310T090000Z", "has an unreadable DTSTART"),
        ("UID:x\nDTSTART:090000", "has a time where a date or a date and time belongs"),
        ("UID:x\nDTSTART;TZID=../../x:20260310T090000", "the time zone '../../x' is not known"),
        ("UID:x\nDTSTART;TZID=America:20260310T090000", "names an unknown time zone"),
        ("UID:x\nDTSTART:20260310T090000Z\nDTSTART:20260311T090000Z", "has more than one DTSTART"),
        ("UID:x\nDTSTART:20260310T090000Z\nDTEND:20260309T090000Z", "has a DTEND before its DTSTART"),
        ("UID:x\nDTSTART:20260310T090000Z\nDURATION:-PT1H", "has a DURATION that is none"),
        ("UID:x\nDTSTART:20260310T090000Z\nRRULE:FREQ=SOMETIMES", "has an unreadable RRULE"),
        ("UID:x\nDTSTART:20260310T090000Z\nRRULE:FREQ=DAILY;INTERVAL=0", "has an INTERVAL below 1"),
        (
            "UID:x\nDTSTART:20260310T090000Z\nRRULE:FREQ=SECONDLY",
            "recurs SECONDLY; daily is the most often",
        ),
        (
            "UID:x\nDTSTART:20260310T090000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260310T090000Z",
            "uses RANGE=THISANDFUTURE; write the later instances as a series of their own",
        ),
        (
            "UID:x\nDTSTART:20260310T090000Z\nX-PUNCTUAL-ASSIGNEE:not an id",
            "/data/assignee_ids/0: must match ^[A-Za-z0-9._~-]{1,128}$",
        ),
        ("UID:x\nDTSTART;TZID=America/New_York:99991231T230000", "cannot be read: date value out of range"),
    ],
)
async def test_a_bad_component_is_named_and_stops_nothing(crm: Crm, component: str, reason: str) -> None:
    """Its line and its reason; what comes before and after is imported."""
    good = "UID:{}\nDTSTART:20260310T090000Z"
    assert await crm.imports(calendar(good.format("before"), component, good.format("after"))) == {
        "created": 2,
        "refused": 1,
    }
    assert crm.refusals == [(7, reason)]


async def test_broken_nesting_costs_only_its_component(crm: Crm) -> None:
    """A missing END, stray ENDs, a broken alarm, text that is not UTF-8: the others come in."""
    good = "BEGIN:VEVENT\nUID:{}\nDTSTART:20260310T090000Z\n{}END:VEVENT\n"
    text = (
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:open\nDTSTART:20260310T090000Z\n"
        + good.format("alarm", "BEGIN:VALARM\nTRIGGER:never\nEND:VALARM\nEND:VALARM\n")
        + good.format("unclosed", "BEGIN:VALARM\nTRIGGER:-PT5M\n")
        + good.format("latin", "SUMMARY:M?ller\n")
        + good.format("garbage", "what is this\nDESCRIPTION\n")
        + "END:VCALENDAR\n"
    )
    path = crm.folder / "file.ics"
    path.write_bytes(text.encode().replace(b"M?ller", b"M\xfcller"))
    assert await crm.imports(path) == {"created": 3, "refused": 2}
    assert crm.refusals == [(2, "has no END:VEVENT"), (19, "line 22 is not UTF-8 text")]
    assert {event.data["id"] for event in crm.sent} == {"alarm", "unclosed", "garbage"}


async def test_the_newest_version_of_a_component_counts(crm: Crm) -> None:
    """Twice the same UID: the higher SEQUENCE, wherever it stands; the other one is noted."""
    newer = "UID:x\nSEQUENCE:2\nDTSTART:20260311T090000Z"
    assert await crm.imports(calendar(newer, "UID:x\nSEQUENCE:1\nDTSTART:20260310T090000Z")) == {"created": 1}
    assert crm.starts == ["2026-03-11T09:00:00Z"]
    assert [str(note) for note in crm.report.notes] == ["line 8: VEVENT: overtaken by line 3, which has the same UID"]


@given(st.text(min_size=1, max_size=200))
def test_every_uid_has_an_id_with_room_for_an_instance(uid: str) -> None:
    """Whatever a UID holds, it gives one valid entity id, the same each time."""
    instance = f"{base_id(uid)}~20260301T090000Z"
    assert TypeAdapter(Id).validate_python(instance) == f"{base_id(uid)}~20260301T090000Z"


@given(
    st.binary(max_size=300), st.lists(st.sampled_from([b"BEGIN:VEVENT", b"END:VEVENT", b"BEGIN:VALARM"]), max_size=8)
)
def test_no_bytes_break_the_cutting(noise: bytes, lines: list[bytes]) -> None:
    """Any bytes between any BEGINs and ENDs are cut into components without an error, lines ascending."""
    calendars = ics.split(b"BEGIN:VCALENDAR\n" + (b"\n" + noise + b"\n").join(lines) + b"\n" + noise)
    assert calendars.found
    numbers = [block.line for block in calendars.blocks]
    assert numbers == sorted(numbers)
