"""Everything is killed while reminders fall due, on both databases, and nothing is lost and nothing doubled.

`PUNCTUAL_KILL_SEEDS` says how many seeds are run; with two or more, each database meets each kind of provider.
"""

import asyncio
import os
from pathlib import Path

import pytest

from tests.kill.checker import violations
from tests.kill.scenario import REMINDERS, Aftermath, kill_and_restart
from tests.store.fresh import new_database

SEEDS = range(1, int(os.environ.get("PUNCTUAL_KILL_SEEDS", "1")) + 1)


def _check(name: str, aftermath: Aftermath, *, hesitant_provider: bool) -> None:
    """Nothing lost, nothing doubled, nothing left open; only what was being asked for may be unknown, and is."""
    print(f"{name}: {aftermath}")
    assert violations(aftermath.dump) == []
    assert aftermath.after.reminders == len(aftermath.dump.posted) == REMINDERS
    unknown = {row.id for row in aftermath.after.deliveries if row.outcome == "unknown"}
    assert unknown == (aftermath.before.leased if hesitant_provider else set())
    assert aftermath.unanswered <= unknown
    assert bool(aftermath.unanswered) == hesitant_provider


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_kill_loses_nothing_and_doubles_nothing(seed: int, postgres: str, tmp_path: Path) -> None:
    """On one database mails go to the outbox; on the other the kill falls between ledger commit and answer."""
    hesitant = {"sqlite": seed % 2 == 0, "postgresql": seed % 2 == 1}
    urls = {
        "sqlite": f"sqlite+aiosqlite:///{tmp_path}/sqlite/punctual.db",
        "postgresql": await new_database(postgres, f"kill-{seed}"),
    }
    async with asyncio.TaskGroup() as group:
        runs = {
            name: group.create_task(
                kill_and_restart(f"{name}-{seed}", tmp_path / name, url, hesitant_provider=hesitant[name])
            )
            for name, url in urls.items()
        }
    for name, run in runs.items():
        _check(f"seed {seed}, {name}", run.result(), hesitant_provider=hesitant[name])
