"""`python -m benchmarks [pipeline|lateness|inbox|pushes|all] [--count N] [--runs N] [--rows N]`."""

import asyncio
import os
import sys
from enum import StrEnum
from typing import Annotated

import typer

from benchmarks import inbox, lateness, pipeline, pushes

app = typer.Typer(add_completion=False)


class Which(StrEnum):
    """The benchmarks there are."""

    all = "all"
    pipeline = "pipeline"
    lateness = "lateness"
    inbox = "inbox"
    pushes = "pushes"


@app.command()
def main(
    which: Annotated[Which, typer.Argument()] = Which.all, count: int = 300, runs: int = 3, rows: int = 1_000_000
) -> None:
    """Runs benchmarks and prints their tables."""
    if which in (Which.all, Which.pipeline):
        asyncio.run(pipeline.main(count, runs))
    if which in (Which.all, Which.lateness):
        asyncio.run(lateness.main(count, runs))
    if which in (Which.all, Which.inbox):
        asyncio.run(inbox.main(rows, runs))
    if which in (Which.all, Which.pushes):
        pushes.main(count * 10, runs)
    sys.stdout.flush()
    # temporalio's threads may crash an interpreter that shuts down.
    os._exit(0)


if __name__ == "__main__":
    app()
