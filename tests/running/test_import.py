"""`punctual import` on the real product: the shipped calendar comes in, is found, and moves when its file moves."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.eventually import eventually
from tests.product import Product

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
EXPECTED = json.loads((EXAMPLES / "appointments.expected.json").read_text("utf-8"))["appointments.ics"]["counts"]


def _counts(output: str) -> dict[str, int]:
    """The numbers in the printed table."""
    numbers = [int(text) for text in re.findall(r"\d+", next(line for line in output.splitlines() if "│" in line))]
    return dict(zip(("created", "moved", "cancelled", "unchanged", "refused"), numbers, strict=True))


@pytest.mark.thorough
async def test_the_example_comes_in_is_found_by_stage_and_follows_its_file(tmp_path: Path) -> None:
    """The expected counts; every appointment open in Temporal by tenant and stage; a newer file moves what moved."""
    async with Product(tmp_path / "data") as product:
        options = ("--tenant", "demo", "--assignee", "asha", "--shift-to", "today", "--horizon", "365d")
        example = EXAMPLES / "appointments.ics"
        first = await asyncio.to_thread(product.command, "import", str(example), *options)
        assert _counts(first.stdout) == EXPECTED, first.stdout + first.stderr
        assert first.stdout.count("refused: line ") == EXPECTED["refused"]

        again = await asyncio.to_thread(product.command, "import", str(example), *options)
        everything = EXPECTED["unchanged"] + EXPECTED["created"]
        assert _counts(again.stdout) == {**EXPECTED, "created": 0, "unchanged": everything}, again.stdout

        client = await Client.connect(f"127.0.0.1:{product.environment['TEMPORAL_PORT']}")
        query = 'PunctualTenant="demo" AND PunctualStage IN ("open", "overdue", "closed")'

        async def found() -> bool:
            return (await client.count_workflows(query)).count == EXPECTED["created"]

        await eventually(found, within=60)

        newer = tmp_path / "appointments.ics"
        text = example.read_text("utf-8")
        moved = re.sub(r"(UID:coast-3\r?\n(?:.*\r?\n)*?DTSTART[^:]*:\d{8}T)\d\d", r"\g<1>23", text, count=1)
        assert moved != text
        newer.write_text(moved, "utf-8", newline="")
        second = await asyncio.to_thread(product.command, "import", str(newer), *options)
        moved_one = {**EXPECTED, "created": 0, "moved": 1, "unchanged": everything - 1}
        assert _counts(second.stdout) == moved_one, second.stdout
