"""What a change touches: a type is one file; a channel is one file and one line; an entity kind is two files, two
registry lines and its notices.

All are done to a copy of the source tree, as a user of it would, and tried there.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "tests" / "demo_kind"
ROOMS = ["punctual", "workflows", "activities", "store", "api", "templates", "tests", "running", "simulating"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The sources as they are, free to be changed."""
    unwanted = shutil.ignore_patterns("__pycache__", "histories", "golden", "e2e", ".*")
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=unwanted)
    for file in ROOT.glob("*.py"):
        shutil.copy(file, tmp_path)
    return tmp_path


def run(tree: Path, *command: str) -> str:
    """What Python prints in the copied tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def insert(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    path.write_text(text, "utf-8")


@pytest.mark.thorough
def test_an_entity_kind_is_two_files_two_registry_lines_and_its_notices(tree: Path) -> None:
    """A visit is announced, reminds, is overdue, is acknowledged and ends, with nothing else touched."""
    shutil.copy(DEMO / "visit.py", tree / "punctual" / "visit.py")
    shutil.copy(DEMO / "workflow.py", tree / "workflows" / "visit.py")
    for notice in DEMO.glob("notices/*.md"):
        shutil.copy(notice, tree / "templates" / "notices")
    insert(
        tree / "punctual" / "registry.py",
        ("task, ticket\n", "task, ticket, visit\n"),
        ("ticket.KIND)", "ticket.KIND, visit.KIND)"),
    )
    insert(
        tree / "workflows" / "registry.py",
        ("import Ticket\n", "import Ticket\nfrom workflows.visit import Visit\n"),
        ("Digest]", "Digest, Visit]"),
    )
    told = json.loads(run(tree, "-m", "tests.demo_kind.life").splitlines()[-1])
    assert "visit" in told["kinds"]
    asha = ["visit.announced", "visit.reminder", "visit.overdue", "visit.done"]
    assert told["told"] == {"asha": asha, "ravi": []}


@pytest.mark.thorough
def test_a_channel_is_one_file_and_one_line(tree: Path) -> None:
    """It is found, can be chosen, has its rows and its queue, and sends; with nothing else touched."""
    shutil.copy(ROOT / "tests" / "demo_channel" / "pager.py", tree / "activities" / "channels")
    line = '        ChannelSpec("pager", "chosen", slow=True, queue="punctual-pager"),\n'
    insert(tree / "punctual" / "channels.py", ("    )\n}\n", f"{line}    )\n}}\n"))
    lived = json.loads(run(tree, "-m", "tests.demo_channel.life").splitlines()[-1])
    assert lived.pop("types") > 70
    assert lived == {
        "to_send": ["email", "pager", "web_push"],
        "fates": {"asha": ["sent", None], "ben": ["withheld", "no_address"]},
        "paged": ["7: Fri 20 Nov, 11:00 (UTC): Visit"],
        "listed": {"name": "pager", "default": "chosen", "slow": True, "digests": False},
        "queue": "punctual-pager",
        "simulated": True,
    }


def test_a_notification_type_is_one_file(tree: Path) -> None:
    """Dropped into the folder it is listed, checked, aliased and rendered."""
    (tree / "templates" / "notices" / "coffee.ready.md").write_text(
        "---\ncategory: system\npriority: low\naudience: [user]\naction_text: Fetch it\naliases: [coffee_done]\n"
        "fields: {user_id: id, cups: integer?}\nexample: {user_id: asha, cups: 2}\n---\n"
        "# Coffee is ready\n\n{{ cups or 'Some' }} cups are waiting.\n",
        "utf-8",
    )
    code = """
import json, catalogue
from datetime import UTC, datetime
from activities.rendering import render
from api.event_types import EventTypes
notices = catalogue.load()
types = EventTypes(notices)
event = types.named({"type": "coffee_done", "data": {"user_id": "asha", "cups": 2}})
wrong = types.problems({"type": "coffee.ready", "data": {"user_id": "asha", "sugar": 1}})
notice = notices["coffee.ready"]
title, message, _ = render(notice, event["data"], locale="en", timezone="UTC", now=datetime.now(UTC))
print(json.dumps([event["type"], types.problems(event), [str(p) for p in wrong], title, message]))
"""
    found = json.loads(run(tree, "-c", code))
    assert found == [
        "coffee.ready", [], ["/data/sugar: is not a known field"], "Coffee is ready", "2 cups are waiting.",
    ]  # fmt: skip
