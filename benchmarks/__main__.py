"""`python -m benchmarks [pipeline|lateness] [--count N] [--runs N]`."""

import asyncio
import os
import sys

import typer

from benchmarks import pipeline

app = typer.Typer(add_completion=False)


@app.command()
def main(name: str = "pipeline", count: int = 300, runs: int = 3) -> None:
    """Runs one benchmark and prints its table."""
    asyncio.run(pipeline.main(count, runs))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    app()
