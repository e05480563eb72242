"""An import through the real Temporal, workflows and activities."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from temporalio.testing import WorkflowEnvironment

from importing.report import Report
from importing.run import Options, import_file
from store.engine import Database
from tests.importing.conftest import calendar
from tests.world import living


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
            database=sqlite, temporal=virtual.client, settings=SimpleNamespace(action_url_hosts=[])
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
