"""The replay gate: recorded histories must run through today's workflow code, and the gate must be able to fail."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

import worker
from running.replay import HISTORIES, NothingToReplay, replay
from store.engine import Database
from tests.conftest import BIN
from tests.replay import variants
from tests.replay.scenarios import SCENARIOS
from tests.world import living
from workflows.registry import WORKFLOWS


async def test_every_recorded_history_runs_through_today_s_code() -> None:
    """No history diverges."""
    count, found = await replay(HISTORIES)
    assert found == []
    assert count >= sum(map(len, SCENARIOS.values()))


def test_every_workflow_type_and_every_scenario_has_a_history() -> None:
    """A workflow without a recorded life fails here: add one to tests/replay/scenarios.py and record it."""
    recorded = {tuple(path.name.split(".")[:2]) for path in HISTORIES.glob("*.json")}
    assert recorded == {(kind, life.__name__) for kind, lives in SCENARIOS.items() for life in lives}
    texts = [path.read_text("utf-8") for path in HISTORIES.glob("*.json")]
    for workflow_class in WORKFLOWS:
        name = workflow_class.__temporal_workflow_definition.name
        assert any(f'"workflowType":{{"name":"{name}"}}' in text for text in texts), f"no recorded history of {name}"
    assert any("EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW" in text for text in texts)


@pytest.fixture
def appointments(tmp_path: Path) -> Path:
    """The histories of the workflow that the variants change."""
    for path in HISTORIES.glob("appointment.*.json"):
        (tmp_path / path.name).symlink_to(path)
    return tmp_path


@pytest.mark.parametrize("broken", [variants.HastyAppointment, variants.SleeplessAppointment])
async def test_a_change_that_breaks_running_workflows_is_caught(broken: type[Any], appointments: Path) -> None:
    """An activity more, or a timer less, diverges, and the report names the history and the event."""
    _, found = await replay(appointments, workflows=[broken])
    assert found
    assert all(divergence.history.endswith(".json") and "event" in divergence.reason.lower() for divergence in found)


async def test_the_same_change_behind_a_patch_passes(appointments: Path) -> None:
    """Old histories take the old way."""
    _, found = await replay(appointments, workflows=[variants.PatchedAppointment])
    assert found == []


async def test_a_new_run_takes_the_patched_way_and_replays(virtual: WorkflowEnvironment, sqlite: Database) -> None:
    """A run under the patched code records the patch; the patched code replays it, and the code before cannot."""
    async with living(sqlite, virtual.client, workflows=[variants.PatchedAppointment]) as world:
        now = await virtual.get_current_time()
        handle = await world.tell(world.event("scheduled", now, starts_at=now + timedelta(hours=2)))
        await virtual.sleep(timedelta(hours=3))
        history = await handle.fetch_history()
    converter = virtual.client.data_converter
    outcomes = {}
    for name, classes in (("patched", [variants.PatchedAppointment]), ("before", WORKFLOWS)):
        replayer = Replayer(workflows=classes, workflow_runner=worker.RUNNER, data_converter=converter)
        recorded = WorkflowHistory.from_json(handle.id, history.to_json())
        result = await replayer.replay_workflow(recorded, raise_on_replay_failure=False)
        outcomes[name] = result.replay_failure is None
    assert outcomes == {"patched": True, "before": False}


async def test_an_empty_corpus_fails(tmp_path: Path) -> None:
    """A gate that checks nothing must not pass."""
    with pytest.raises(NothingToReplay):
        await replay(tmp_path)


def test_the_command_exits_1_and_names_history_and_event(tmp_path: Path) -> None:
    """`punctual replay` passes on what was recorded and fails where one event is forged."""
    command = [str(BIN / "punctual"), "replay"]
    recorded = (HISTORIES / "appointment.reminded_and_ended.1.json").read_text("utf-8")
    (tmp_path / "good.json").write_text(recorded, "utf-8")
    good = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (good.returncode, "0 diverge" in good.stdout) == (0, True)
    forged = recorded.replace('"name":"compose"', '"name":"composed_otherwise"')
    (tmp_path / "forged.json").write_text(forged, "utf-8")
    bad = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert "forged.json" in bad.stdout
    assert "compose" in bad.stdout
