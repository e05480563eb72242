"""The calendars and the events that come with the product."""

import json
import runpy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.importing.conftest import Crm

EXAMPLES = Path(__file__).parents[2] / "examples"


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / "appointments.expected.json").read_text("utf-8"))[name]
    return found


def options(wanted: dict[str, Any]) -> dict[str, Any]:
    given = wanted["options"]
    return {
        "shift_to": date.fromisoformat(given["shift_to"]),
        "horizon": timedelta(days=given["horizon_days"]),
        "assignee": given["assignee"],
        "timezone": given["timezone"],
    }


async def test_the_example_comes_to_exactly_what_its_maker_expects(crm: Crm) -> None:
    """Counts, refusals with line and reason, nothing else to be said; a second time, nothing."""
    wanted = expected("appointments.ics")
    crm.now = datetime.fromisoformat(wanted["now"])
    counts = await crm.imports(EXAMPLES / "appointments.ics", **options(wanted))
    assert counts == {name: number for name, number in wanted["counts"].items() if number}
    assert crm.refusals == [(item["line"], item["reason"]) for item in wanted["refused"]]
    assert crm.report.notes == []
    assert wanted["components"]["VEVENT"] >= 200

    past = [event for event in crm.sent if event.type == "appointment.completed"]
    coming = [event for event in crm.sent if event.type == "appointment.scheduled"]
    assert past and coming and len(past) + len(coming) == counts["created"]
    assert min(crm.starts).startswith("2026-03-01")
    assert (await crm.snapshot("in-the-gap"))["starts_at"] == "2026-03-29T01:30:00Z"
    assert (await crm.snapshot("twice"))["starts_at"] == "2026-10-25T00:30:00Z"

    crm.now += timedelta(hours=1)
    again = await crm.imports(EXAMPLES / "appointments.ics", **options(wanted))
    assert again == {"unchanged": counts["created"] + counts["unchanged"], "refused": counts["refused"]}
    assert crm.sent == []


async def test_the_example_events_come_to_what_is_expected(crm: Crm) -> None:
    """First they count as what they do; again they are all known."""
    wanted = expected("appointments.jsonl")
    crm.now = datetime.fromisoformat(wanted["now"])
    assert await crm.imports(EXAMPLES / "appointments.jsonl") == {k: n for k, n in wanted["counts"].items() if n}
    assert await crm.imports(EXAMPLES / "appointments.jsonl") == {"unchanged": sum(wanted["counts"].values())}


async def test_the_example_follow_ups_come_to_what_they_say(crm: Crm) -> None:
    """Late work is open, what is done is closed, an instance of a series has its own say; a second time, nothing."""
    crm.now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    chosen: dict[str, Any] = {"shift_to": date(2026, 3, 1), "timezone": "Europe/Berlin"}
    assert await crm.imports(EXAMPLES / "follow_ups.ics", **chosen) == {"created": 14, "unchanged": 1, "refused": 2}
    assert crm.refusals == [
        (101, "has no DUE, nor DTSTART with DURATION"),
        (105, "has a DUE before its DTSTART"),
    ]
    done = {"done", "done-without-a-status", "weekly-figures~20260302T080000Z"}
    assert {id_ for type_, id_ in crm.types if type_ == "follow_up.completed"} == done
    assert {type_ for type_, id_ in crm.types if id_ not in done} == {"follow_up.created"}
    dues = {id_: due for id_, due in ((event.about, event.data["due_at"]) for event in crm.sent) if "@" not in id_}
    assert dues["late"] == "2026-03-01T08:00:00Z" and await crm.state("late") == "open"
    assert dues["contract"] == "2026-03-05T16:00:00Z"
    assert dues["survey"] == "2026-03-08T12:00:00Z"
    assert dues["weekly-figures~20260406T070000Z"] == "2026-04-07T14:00:00Z"
    assert (await crm.snapshot("for-ben", "follow_up"))["assignee_ids"] == ["ben"]

    crm.now += timedelta(hours=1)
    assert await crm.imports(EXAMPLES / "follow_ups.ics", **chosen) == {"unchanged": 15, "refused": 2}
    assert crm.sent == []


def test_the_example_is_what_its_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The committed files and the script say the same, so neither is edited alone."""
    script = tmp_path / "make_appointments.py"
    script.write_text((EXAMPLES / script.name).read_text("utf-8"), "utf-8")
    runpy.run_path(str(script), run_name="__main__")
    for name in ("appointments.ics", "appointments.expected.json", "appointments.jsonl"):
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes(), name
