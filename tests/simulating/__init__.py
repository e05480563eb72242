"""Scenarios, played on the real time-skipping server."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from simulating import command, loading, play
from simulating.rows import Row

EXAMPLES = sorted((Path(__file__).parent.parent.parent / "examples" / "scenarios").glob("*.yaml"))
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


async def printed(file: Path, *, as_json: bool = False) -> str:
    """What the command prints where there is no terminal."""
    output = StringIO()
    await command.simulate(file, Console(file=output, force_terminal=False), as_json=as_json)
    return output.getvalue()


async def rows(folder: Path, scenario: dict[str, Any]) -> list[Row]:
    """The rows of a scenario given as data."""
    return await play.play(loading.load(written(folder, scenario), NOW))


def written(folder: Path, scenario: Any) -> Path:
    """A scenario's file; a text is written as it is."""
    path = folder / "scenario.yaml"
    path.write_text(scenario if isinstance(scenario, str) else yaml.safe_dump(scenario), "utf-8")
    return path


def expected(example: Path) -> Path:
    """Where the table of an example stands."""
    return example.with_suffix(".expected.txt")
