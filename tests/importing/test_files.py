"""Event lists, and files that cannot be imported."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console
from temporalio.service import RPCError, RPCStatusCode

from importing import ImportFileError, files
from importing.report import ConsoleReport, Counts
from punctual.events import Event
from tests.importing.conftest import NOTICES, NOW, Crm, calendar, single


def recorded(number: int, type_: str = "appointment.scheduled", **data: Any) -> dict[str, Any]:
    body = {
        "id": "e", "title": "t", "customer_name": "c", "starts_at": "2026-04-01T09:00:00Z", "assignee_ids": ["asha"],
    }  # fmt: skip
    time = (NOW - timedelta(hours=1, seconds=-number)).isoformat()
    return {"id": f"r{number}", "type": type_, "time": time, "data": {**body, **data}}


async def test_recorded_events_are_sent_in_their_order(crm: Crm) -> None:
    """Each entity's events by time, whatever their order in the file; seen ones are unchanged."""
    lines = [recorded(2, "appointment.rescheduled"), recorded(1), recorded(3, "appointment.cancelled"), recorded(1)]
    text = "\n".join(map(json.dumps, lines))
    assert await crm.imports(text, "file.jsonl") == {"created": 1, "moved": 1, "cancelled": 1, "unchanged": 1}
    assert [event.id for event in crm.sent] == ["r1", "r2", "r3"]
    assert await crm.imports(text, "file.jsonl") == {"unchanged": 4}


async def test_every_kind_of_entity_and_single_events_come_in(crm: Crm) -> None:
    """By today's names and older ones; what was sent once is known from then on, single events by their own id."""
    types = {
        "appointment.confirmed": "appointment.confirmed", "follow_up.created": "follow_up.created",
        "task.done": "task.completed", "ticket.created": "ticket.created", "customer.created": "customer.created",
        "custom": "custom", "admin_alert": "system.alert",
    }  # fmt: skip
    time = (NOW - timedelta(hours=1)).isoformat()
    lines = [
        {"id": given, "type": given, "time": time, "data": NOTICES[type_].about.example}
        for given, type_ in types.items()
    ]
    for line in lines[-3:]:
        del line["time"]  # a single event's is when it is heard
    text = "\n".join(map(json.dumps, lines))
    assert await crm.imports(text, "file.jsonl") == {"created": 7}
    assert {event.id: event.type for event in crm.sent} == types
    crm.now += timedelta(minutes=1)
    assert await crm.imports(text, "file.jsonl") == {"unchanged": 7}
    assert crm.sent == []


async def test_single_events_are_each_their_own(crm: Crm) -> None:
    """Another id is another event, never a change of the one before; one may be said in the file twice."""
    data = NOTICES["custom"].about.example
    lines = [{"id": id_, "type": "custom", "data": data} for id_ in ("a", "b", "a")]
    assert await crm.imports("\n".join(map(json.dumps, lines)), "file.jsonl") == {"created": 2, "unchanged": 1}
    assert len({event.about for event in crm.sent}) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes at column 2"),
        ("[]", "/: must be a CloudEvents JSON object"),
        ('{"id": NaN}', "holds NaN, which is not JSON"),
        ('{"id": 1, "id": 2}', "names a key twice"),
        ("[" * 100_000, "is nested too deeply"),
        (json.dumps(recorded(9, surprise=1)), "/data/surprise: is not a known field"),
        (json.dumps(recorded(9, metadata={"a": "\ud800"})), "is not UTF-8 text"),
        (json.dumps(recorded(9, metadata={"a": "\0"})), "holds a NUL character"),
        (json.dumps({**recorded(9), "time": "2027-01-01T00:00:00Z"}), "/time: is more than 5 minutes ahead"),
        (json.dumps(recorded(9, metadata={"a": "x" * 300_000})), "is larger than 256 KiB"),
        (json.dumps(recorded(9, "parcel.lost")), "/type: is not a known event type"),
        (
            json.dumps(recorded(9, action_url="https://evil.example/")),
            "/data/action_url: names the host evil.example, which ACTION_URL_HOSTS does not allow",
        ),
        (json.dumps({"id": "c", "type": "custom", "data": {"title": "t"}}), "/data/message: is required"),
        (json.dumps({"type": "custom", "data": {"title": "t", "message": "m"}}), "/id: is required"),
    ],
)
async def test_a_bad_line_is_named_and_stops_nothing(crm: Crm, line: str, reason: str) -> None:
    """Its number and its reason; the lines around it are imported."""
    text = "\n".join([json.dumps(recorded(1)), "", line, json.dumps(recorded(2, id="f"))])
    assert await crm.imports(text, "file.jsonl") == {"created": 2, "refused": 1}
    assert crm.refusals == [(3, reason)]


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (None, "none.ics", "there is no such file"),
        (b"", "a.ics", "is empty"),
        (b" \r\n\n", "a.jsonl", "is empty"),
        (b"PK\x03\x04\x00\x00BEGIN:VCALENDAR", "a.ics", "is not a UTF-8 text file"),
        ("BEGIN:VCALENDAR".encode("utf-16"), "a.ics", "is not a UTF-8 text file"),
        (b"hello", "a.ics", "holds no VCALENDAR"),
        (b"hello", "a.csv", "must be an .ics or a .jsonl file"),
    ],
)
async def test_a_file_that_is_none_is_refused_in_one_line(
    crm: Crm, content: bytes | None, name: str, reason: str
) -> None:
    """Missing, empty, binary, in another encoding, of another kind: the path and the reason."""
    path = crm.folder / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImportFileError) as caught:
        await crm.imports(path)
    assert str(caught.value) == f"{path}: {reason}"


async def test_a_huge_file_and_a_folder_are_refused_unread(crm: Crm) -> None:
    """More than 64 MiB is not read into memory; a folder is no file; nor is a zone that there is none of."""
    huge = crm.folder / "huge.ics"
    with huge.open("wb") as file:
        file.truncate(files.LARGEST + 1)
    with pytest.raises(ImportFileError, match=r"huge\.ics: is larger than 64 MiB"):
        await crm.imports(huge)
    with pytest.raises(ImportFileError, match="is not a file"):
        await crm.imports(crm.folder)
    with pytest.raises(ImportFileError, match="--timezone must be an IANA time zone"):
        await crm.imports(calendar(single()), timezone="Mars/Olympus")


async def test_an_outage_ends_the_import_with_one_line(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """How far it came is said; importing again brings the rest."""
    hear = crm.hear

    async def refuse_b(event: Event) -> None:
        if event.data["id"] == "b":
            raise RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")
        await hear(event)

    monkeypatch.setattr(crm, "hear", refuse_b)
    text = calendar(single("a"), single("b"))
    with pytest.raises(ImportFileError, match=r"of 2 events \(connection refused\); importing again is safe"):
        await crm.imports(text)
    monkeypatch.undo()
    await crm.imports(text)
    assert await crm.imports(text) == {"unchanged": 2}


def test_the_table_and_the_findings_are_printed_in_plain_words() -> None:
    """Five columns, thousands separated; a finding is one line, and its words are no markup."""
    out = io.StringIO()
    report = ConsoleReport(Console(file=out, width=80))
    report.refuse(7, "VEVENT", "the time zone '[red]x[/red]' is not known " + "y" * 100)
    report.note(9, "VJOURNAL", "skipped: VJOURNAL is not imported")
    with report.progress(2) as advance:
        advance()
    report.finish(Counts(created=1234, refused=1), dry_run=True)
    text = out.getvalue()
    assert "Dry run: nothing was sent" in text and "1,234" in text
    for column in ("created", "moved", "cancelled", "unchanged", "refused"):
        assert column in text
    assert f"refused: line 7: VEVENT: the time zone '[red]x[/red]' is not known {'y' * 100}\n" in text
    assert "note: line 9: VJOURNAL: skipped" in text
