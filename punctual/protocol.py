"""What workflows and activities say to each other: ids, instants and keys; text stays in the store.

The one exception is the events themselves, which arrive through Temporal and are encrypted in its histories.
"""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from punctual.errors import UnknownWorkflowId
from punctual.events import Event
from punctual.lifecycle import Stage
from punctual.timeline import Step
from punctual.wire import ID_PATTERN, Instant

_ID = re.compile(ID_PATTERN)


class Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Ref(Message):
    """One entity of one tenant."""

    tenant: str
    kind: str
    id: str

    @property
    def workflow_id(self) -> str:
        return f"{self.tenant}/{self.kind}/{self.id}"

    @classmethod
    def parse(cls, workflow_id: str, kind: str) -> "Ref":
        """The entity that a workflow id names; raises UnknownWorkflowId unless it is `{tenant}/{kind}/{id}`."""
        parts = workflow_id.split("/")
        if len(parts) != 3 or parts[1] != kind or not all(map(_ID.match, parts)):
            raise UnknownWorkflowId(f"a workflow of this type needs the id {{tenant}}/{kind}/{{id}}")
        return cls(tenant=parts[0], kind=kind, id=parts[2])


class Refusal(Message):
    """An event that was not accepted, as its row will show it."""

    key: str
    type: str
    detail: str


class Heard(Message):
    """An accepted event and the instant we had it."""

    event: Event
    at: Instant


class PlanRequest(Message):
    ref: Ref
    now: Instant
    heard: list[Heard] = []
    refused: list[Refusal] = []


class Planned(Message):
    """The entity's future: `steps` not yet told, in order. `idle` means that there is nothing to stay awake for."""

    stage: Stage
    due: Instant | None
    assignees: list[str]
    zone: str
    steps: list[Step]
    idle: bool


class ComposeRequest(Message):
    ref: Ref
    key: str
    now: Instant


class Composed(Message):
    """What telling a step came to; `pending` names the slow channels that have something to send."""

    outcome: str
    reason: str | None = None
    stage: Stage
    pending: list[str] = []


class DeliverRequest(Message):
    ref: Ref
    key: str
    channel: str
    until: Instant
    give_up: bool = False
    """Send nothing any more: settle what is still open as failed."""


class Told(Message):
    """How many deliveries ended in which outcome."""

    outcomes: dict[str, int] = {}


class Life(Message):
    """What a workflow hands to its next run."""

    carried: Literal[True] = True
    heard: list[Heard] = []
    refused: list[Refusal] = []
    plan: Planned | None = None


def is_life(given: Any) -> bool:
    """Whether a workflow's input is what its former run handed on, and not an event."""
    return isinstance(given, dict) and given.get("carried") is True and "type" not in given
