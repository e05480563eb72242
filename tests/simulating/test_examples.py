"""The shipped scenarios; after a wanted change `python -m tests.simulating.record` records them anew."""

import re
from pathlib import Path

import pytest

from simulating import loading
from tests.simulating import EXAMPLES, NOW, expected, printed, written

PAGE = Path(__file__).parent.parent.parent / "docs" / "simulate.md"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
async def test_an_example_prints_the_table_beside_it(example: Path) -> None:
    """Word for word, on whatever day and at whatever hour it is run."""
    assert await printed(example) == expected(example).read_text("utf-8")


def test_the_documented_scenario_can_be_read(tmp_path: Path) -> None:
    """It names every key that there is at its top."""
    shown = re.search(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert shown
    scenario = loading.load(written(tmp_path, shown[1]), NOW).scenario
    assert scenario.model_fields_set == set(type(scenario).model_fields)
