"""What an import sends: the difference between the file and what is known, and nothing else."""

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
from tests.importing.conftest import NOW, Crm, calendar

MINUTE = timedelta(minutes=1)


def single(uid: str = "x", day: str = "20260310", *more: str) -> str:
    return "\n".join((f"UID:{uid}", f"DTSTART:{day}T090000Z", f"DTEND:{day}T100000Z", *more))


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
    report.note(9, "VTODO", "skipped: VTODO is not imported yet")
    with report.progress(2) as advance:
        advance()
    report.finish(Counts(created=1234, refused=1), dry_run=True)
    text = out.getvalue()
    assert "Dry run: nothing was sent" in text and "1,234" in text
    for column in ("created", "moved", "cancelled", "unchanged", "refused"):
        assert column in text
    assert f"refused: line 7: VEVENT: the time zone '[red]x[/red]' is not known {'y' * 100}\n" in text
    assert "note: line 9: VTODO: skipped" in text
