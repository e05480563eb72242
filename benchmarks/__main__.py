"""`python -m benchmarks [pipeline|lateness|all] [--count N] [--runs N]`."""

import asyncio
import os
import sys
from enum import StrEnum
from typing import Annotated

import typer

from benchmarks import lateness, pipeline

app = typer.Typer(add_completion=False)


class Which(StrEnum):
    """The benchmarks there are."""

    all = "all"
    pipeline = "pipeline"
    lateness = "lateness"


@app.command()
def main(which: Annotated[Which, typer.Argument()] = Which.all, count: int = 300, runs: int = 3) -> None:
    """Runs benchmarks and prints their tables."""
    if which in (Which.all, Which.pipeline):
        asyncio.run(pipeline.main(count, runs))
    if which in (Which.all, Which.lateness):
        asyncio.run(lateness.main(count, runs))
    sys.stdout.flush()
    # temporalio's threads may crash an interpreter that shuts down.
    os._exit(0)


if __name__ == "__main__":
    app()
