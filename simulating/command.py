"""`punctual simulate FILE`, from the file to what is printed."""

import json
import logging
import signal
from datetime import UTC, datetime
from pathlib import Path

import structlog
from rich.console import Console

from simulating import loading, table
from simulating.play import play


async def simulate(file: Path, console: Console, *, as_json: bool = False) -> None:
    """Plays the scenario and prints its rows; raises ScenarioError, CannotStart or SimulationFailed."""
    loaded = loading.load(file, datetime.now(UTC))
    with Console(stderr=True).status(f"Simulating {file.name} …"):
        rows = await play(loaded)
    if as_json:
        console.file.writelines(json.dumps(row.public(), ensure_ascii=False) + "\n" for row in rows)
        return
    where = loaded.scenario.where
    starts = loaded.starts.astimezone(where)
    table.show(rows, f"{file.name} from {starts:%a %d %b %Y %H:%M}, {where.key}. Nothing was sent.", where, console)


def set_up_process() -> None:
    """Silences what workers log, which is about sending; SIGTERM stops like Ctrl-C and leaves no server behind."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
