"""`punctual replay`: recorded histories against today's workflow code."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseError
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

import worker
from punctual.codec import data_converter
from workflows.registry import WORKFLOWS

HISTORIES = Path(__file__).parent.parent / "tests" / "replay" / "histories"


# The core prints its whole failure; this is the part for people.
_MESSAGE = re.compile(r'message: "((?:[^"\\]|\\.)*)"')


class NothingToReplay(Exception):
    """The folder holds no history: a gate that checks nothing must not pass."""


class UnreadableHistory(Exception):
    """A file is not a workflow's history; the message names it."""


@dataclass(frozen=True)
class Divergence:
    """A history that today's code would not have written; `reason` names the event."""

    history: str
    reason: str


async def replay(
    folder: Path, payload_keys: dict[str, bytes] | None = None, workflows: list[type[Any]] | None = None
) -> tuple[int, list[Divergence]]:
    """Replays every `*.json` in `folder`: how many there were, and those that diverge."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise NothingToReplay(f"{folder} holds no recorded history (*.json)")
    replayer = Replayer(
        workflows=workflows or WORKFLOWS,
        workflow_runner=worker.RUNNER,
        data_converter=data_converter(payload_keys or {}),
    )
    found = []
    for path in paths:
        history = _history(path)
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure is not None:
            found.append(Divergence(path.name, _words(result.replay_failure)))
    return len(paths), found


def _history(path: Path) -> WorkflowHistory:
    """The history in a file; whose life it is stands in its first event, and the workflow reads it."""
    text = path.read_text("utf-8")
    try:
        started = WorkflowHistory.from_json("", text).events[0].workflow_execution_started_event_attributes
    except (ValueError, IndexError, ParseError):
        raise UnreadableHistory(f"{path} is no history as `temporal workflow show` exports it") from None
    return WorkflowHistory.from_json(started.workflow_id or path.stem, text)


def _words(failure: Exception) -> str:
    text = " ".join(str(failure).split())
    found = _MESSAGE.search(text)
    return found[1] if found else text[:600]
