"""An import through the real Temporal, workflows and activities."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from importing.report import Report
from importing.run import Options, import_file
from store.engine import Database
from tests.eventually import eventually
from tests.importing.conftest import calendar, todo
from tests.world import NOTICES, living


async def test_what_is_imported_lives_like_any_other_appointment(
    sqlite: Database, virtual: WorkflowEnvironment, tmp_path: Path
) -> None:
    """What is to come reminds at its time, what is past is closed and told to nobody; again nothing is sent."""
    now = datetime.now(UTC)
    path = tmp_path / "crm.ics"
    days = {"past": now - timedelta(days=3), "ahead": now + timedelta(days=3)}
    path.write_text(calendar(*(f"UID:{uid}\nDTSTART:{day:%Y%m%dT%H%M%SZ}" for uid, day in days.items())))
    async with living(sqlite, virtual.client) as world:
        resources: Any = SimpleNamespace(
            database=sqlite,
            temporal=virtual.client,
            settings=SimpleNamespace(action_url_hosts=[]),
            notices=NOTICES,
        )
        options = Options(path, world.tenant, assignee="asha")
        counts = await import_file(options, resources, Report())
        assert (counts.created, counts.refused) == (2, 0)
        await virtual.client.get_workflow_handle(world.ref("past").workflow_id).result()
        await virtual.sleep(timedelta(days=2, hours=1))
        assert await world.state("past") == "closed"
        assert await world.types() == ["appointment.scheduled", "appointment.reminder"]
        assert await world.outcomes("appointment.completed", "past") == [("skipped", "past")]
        again = await import_file(options, resources, Report(), clock=lambda: now)
        assert again.as_dict() == {"created": 0, "moved": 0, "cancelled": 0, "unchanged": 2, "refused": 0}


async def test_follow_ups_and_single_events_come_in_by_the_same_way(
    sqlite: Database, virtual: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A follow-up lives in its own workflow and ends when its file says so; a single event is told once."""
    monkeypatch.setattr("importing.heard.PATIENCE", 30.0)
    due = datetime.now(UTC) + timedelta(days=3)
    calendar_file, events = tmp_path / "crm.ics", tmp_path / "crm.jsonl"
    lines = ("UID:offer", f"DUE:{due:%Y%m%dT%H%M%SZ}", "SUMMARY:Send the offer")
    past = todo("UID:past", "DUE:20260101T090000Z", "STATUS:COMPLETED")
    custom = {"title": "Closed on Friday", "message": "See you on Monday.", "recipients": {"user_ids": ["asha"]}}
    events.write_text(json.dumps({"id": "c1", "type": "custom", "data": custom}))
    async with living(sqlite, virtual.client, kind="follow_up") as world:
        resources: Any = SimpleNamespace(
            database=sqlite,
            temporal=virtual.client,
            settings=SimpleNamespace(action_url_hosts=[]),
            notices=NOTICES,
        )
        calendar_file.write_text(calendar(todo(*lines), past))
        options = Options(calendar_file, world.tenant, assignee="asha")
        counts = await import_file(options, resources, Report())
        assert (counts.created, counts.refused) == (2, 0)
        assert await world.outcomes("follow_up.completed", "past") == [("skipped", "past")]
        assert (await world.state("past"), await world.state("offer")) == ("closed", "open")

        calendar_file.write_text(calendar(todo(*lines, "STATUS:COMPLETED"), past))
        counts = await import_file(options, resources, Report())
        assert counts.as_dict() == {"created": 0, "moved": 1, "cancelled": 0, "unchanged": 1, "refused": 0}
        await virtual.client.get_workflow_handle(world.ref("offer").workflow_id).result()
        assert await world.state("offer") == "closed"

        for expected in ({"created": 1}, {"unchanged": 1}):
            counts = await import_file(Options(events, world.tenant), resources, Report())
            assert +Counter(counts.as_dict()) == expected

        async def is_told() -> bool:
            return "custom" in await world.types()

        await eventually(is_told)
        assert sorted(await world.types()) == ["custom", "follow_up.completed", "follow_up.created"]
