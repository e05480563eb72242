"""`punctual simulate` as a user runs it."""

import json
from pathlib import Path

from tests.product import Product
from tests.simulating import EXAMPLES, written

# None of it is usable, and none of it is asked.
ELSEWHERE = {"DATABASE_URL": "nonsense", "REDIS_URL": "redis://127.0.0.1:1", "EMAIL_URL": "smtp://127.0.0.1:1"}


def test_rows_as_json_without_settings(tmp_path: Path) -> None:
    """One object a line, nothing else; whatever the environment says, and nothing is left behind."""
    example = next(path for path in EXAMPLES if path.stem == "friday_evening")
    ended = Product(tmp_path / "data", **ELSEWHERE).command("simulate", str(example), "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    told = [(row["at"], row["type"], row["user_id"], row["level"]) for row in found if row["outcome"] == "sent"]
    assert told == [
        ("2026-11-20T04:00:00Z", "follow_up.created", "asha", None),
        ("2026-11-20T12:05:00Z", "follow_up.reminder", "asha", None),
        ("2026-11-20T12:20:00Z", "follow_up.overdue", "asha", None),
        ("2026-11-20T12:20:00Z", "follow_up.overdue", "ravi", None),
        ("2026-11-23T03:50:00Z", "follow_up.overdue", "ravi", "managers"),
        ("2026-11-23T05:30:00Z", "follow_up.completed", "asha", None),
    ]
    withheld = next(row for row in found if row["level"] == "managers")["channels"]["web_push"]
    nothing_else = {"due_at": None, "brought_by": None}
    assert withheld == {"outcome": "withheld", "reason": "no_subscription", **nothing_else}
    assert not (tmp_path / "data").exists()


def test_a_scenario_that_cannot_be_played_is_one_line(tmp_path: Path) -> None:
    """Exit code 1."""
    ended = Product(tmp_path).command("simulate", str(written(tmp_path, "events: []")))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "punctual: scenario.yaml: events: must have at least one event, or nothing happens\n"
