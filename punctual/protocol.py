"""What workflows and activities say to each other: ids, instants and keys; text stays in the store.

The one exception is the events themselves, which arrive through Temporal and are encrypted in its histories.
"""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from punctual.events import Event
from punctual.lifecycle import Stage
from punctual.registry import kind_of
from punctual.timeline import Step
from punctual.wire import ID_PATTERN, Id, Instant, Moment

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
    def of(cls, workflow_id: str) -> "Ref":
        """What a workflow id says, which may be nonsense: `names` tells."""
        tenant, _, rest = workflow_id.partition("/")
        kind, _, id_ = rest.partition("/")
        return cls(tenant=tenant, kind=kind, id=id_)

    def names(self, kind: str) -> bool:
        """Whether this is an entity of that kind: each part an id of the contract."""
        return self.kind == kind and bool(_ID.fullmatch(self.tenant) and _ID.fullmatch(self.id))


class Refusal(Message):
    """An event that was not accepted, as its row will show it."""

    key: str
    type: str
    detail: str


class Heard(Message):
    """An accepted event and the instant we had it."""

    event: Event
    at: Instant


class Act(Message):
    """What somebody wants of an entity. `override`: their role gives them the right, whoever it is assigned to."""

    id: str
    what: Literal["acknowledge", "snooze", "remind_now"]
    user_id: Id
    until: Instant | Literal["next_working_morning"] | None = None
    override: bool = False


class Answer(Message):
    """What came of an act: where the entity stands after it, or why not (a name in `refusal`, words in `detail`)."""

    id: str
    refusal: str | None = None
    detail: str = ""
    state: Stage = "closed"
    acknowledged_by: str | None = None
    next_step_at: Moment | None = None


class PlanRequest(Message):
    ref: Ref
    now: Instant
    heard: list[Heard] = []
    refused: list[Refusal] = []
    acts: list[Act] = []


class Pending(Message):
    """What a slow channel still has to send of a step; pointless at or after `announces`, tried until `until`."""

    key: str
    channel: str
    announces: Moment | None = None
    until: Moment | None = None


class Planned(Message):
    """The entity's future: `steps` not yet told, in order; `pending` is told and not yet sent.

    `idle` means that there is nothing to stay awake for but these.
    """

    stage: Stage
    due: Moment | None
    assignees: list[str]
    zone: str
    steps: list[Step]
    pending: list[Pending] = []
    idle: bool
    answers: list[Answer] = []


class ComposeRequest(Message):
    """`after`: the last of a large audience that has been told of this step already."""

    ref: Ref
    key: str
    now: Instant
    after: str | None = None


class Composed(Message):
    """What telling a step came to; `pending` names the slow channels that have something to send.

    `more`: the audience goes on after this user. `replan`: the instants of what follows have changed.
    """

    outcome: str
    reason: str | None = None
    stage: Stage
    pending: list[Pending] = []
    more: str | None = None
    replan: bool = False


class DeliverRequest(Message):
    ref: Ref
    key: str
    channel: str
    until: Moment
    give_up: bool = False
    """Send nothing any more: settle what is still open as failed."""
    expired: bool = False
    """At `until` it is no longer relevant: what is still open then has expired."""


class Told(Message):
    """How many deliveries ended in which outcome."""

    outcomes: dict[str, int] = {}


QUIET_HOURS, DIGEST = "quiet_hours", "digest"
CARRIERS = frozenset({QUIET_HOURS, DIGEST})
"""Kinds whose deliveries bring others along, which end as they do."""


class GatherRequest(Message):
    """Somebody's quiet hours, by their workflow's ref: `{tenant}/quiet_hours/{user}`."""

    ref: Ref
    now: Instant


class Gathered(Message):
    """What is to be sent now of what was held back; more is due at `next_at`."""

    pending: list[Pending] = []
    next_at: Moment | None = None


"""The kind of what somebody's digests are: `{tenant}/digest/daily` and `…/weekly`."""


class DigestRequest(Message):
    """The next of those whose digest was due at `due_by`, as asked at `now`, from `after` on."""

    now: Instant
    due_by: Instant
    after: tuple[Moment, str, str] | None = None
    """When the last one before them was due, the tenant, and the user; None: what runs before this one have left
    open is asked for as well."""


class Parcel(Message):
    """What a slow channel has to send for one tenant."""

    ref: Ref
    pending: Pending


class Digested(Message):
    """What is to be sent by now; there may be more people after `more`."""

    parcels: list[Parcel] = []
    more: tuple[Moment, str, str] | None = None


class Life(Message):
    """What a workflow hands to its next run."""

    carried: Literal[True]
    heard: list[Heard] = []
    refused: list[Refusal] = []
    plan: Planned


def former_life(given: Any, kind: str) -> Life | None:
    """What a former run of this kind handed on, if a workflow's input is that, and not an event or nonsense."""
    try:
        life = Life.model_validate(given) if isinstance(given, dict) and "carried" in given else None
    except ValidationError:
        return None
    return life if life and all(kind_of(item.event.type).name == kind for item in life.heard) else None
