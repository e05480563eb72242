"""Punctual for CRM code: connect, tell it what happened, and ask what it will do.

punctual = await Punctual.connect("127.0.0.1:7233", payload_keys={"k1": key})
await punctual.tell("acme", {"id": "e1", "type": "follow_up.created", "time": …, "data": {"id": "42", …}})
steps = await punctual.timeline("acme", "follow_up", "42")
"""

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, TemporalError
from temporalio.service import RPCError

from punctual import events
from punctual.codec import data_converter
from punctual.errors import ActRefused
from punctual.events import Event
from punctual.protocol import QUIET_HOURS, Act, Ref
from punctual.registry import KINDS, kind_of
from punctual.timeline import Step

TASK_QUEUE = "punctual"
_PATIENCE = timedelta(seconds=5)


class Punctual:
    """A connection to the Temporal that Punctual's workers serve.

    All methods raise temporalio.service.RPCError when Temporal cannot be reached, or knows no such workflow.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    async def connect(
        cls,
        address: str,
        *,
        namespace: str = "default",
        payload_keys: Mapping[str, bytes] | None = None,
        **options: Any,
    ) -> "Punctual":
        """`payload_keys` are those of TEMPORAL_PAYLOAD_KEYS; `options` go to temporalio's Client.connect."""
        converter = data_converter(payload_keys or {})
        return cls(await Client.connect(address, namespace=namespace, data_converter=converter, **options))

    async def tell(self, tenant: str, event: Mapping[str, Any] | Event) -> str:
        """Hands over one event, of an entity or a single one; the id of the workflow that has it, durably.

        Raises punctual.errors.InvalidEvent for what cannot be accepted. A single event of a type that the catalogue
        does not know, or that lacks fields, is taken here and shown as refused. Telling it again is always safe.
        """
        now = datetime.now(UTC)
        parsed = event if isinstance(event, Event) else events.parse(dict(event), now=now)
        return await signal(self._client, tenant, parsed.model_copy(update={"punctualaccepted": now}))

    async def timeline(self, tenant: str, kind: str, id: str) -> list[Step]:
        """What is still to be told about an entity, in order; `id` of a single event is the last part of its
        workflow's."""
        handle = self._client.get_workflow_handle(Ref(tenant=tenant, kind=kind, id=id).workflow_id)
        steps = await handle.query("timeline", result_type=list, rpc_timeout=_PATIENCE)
        return [Step.model_validate(step) for step in steps]

    async def acknowledge(self, tenant: str, kind: str, id: str, user_id: str) -> dict[str, Any]:
        """Somebody takes what is overdue: `{"state", "acknowledged_by", "next_step_at"}`; raises ActRefused."""
        act = Act(id=str(uuid.uuid4()), what="acknowledge", user_id=user_id)
        return await self._act(Ref(tenant=tenant, kind=kind, id=id), act)

    async def snooze(
        self, tenant: str, kind: str, id: str, user_id: str, until: datetime | Literal["next_working_morning"]
    ) -> dict[str, Any]:
        """What falls due before `until` is told then; answers and raises as `acknowledge` does."""
        act = Act(id=str(uuid.uuid4()), what="snooze", user_id=user_id, until=until)
        return await self._act(Ref(tenant=tenant, kind=kind, id=id), act)

    async def _act(self, ref: Ref, act: Act) -> dict[str, Any]:
        handle = self._client.get_workflow_handle(ref.workflow_id)
        with _refusals():
            stands: dict[str, Any] = await handle.execute_update(act.what, _said(act), id=act.id, result_type=dict)
        return stands


async def signal(client: Client, tenant: str, event: Event) -> str:
    """Signals the event's workflow, started if need be; its id."""
    ref = Ref(tenant=tenant, kind=kind_of(event.type).name, id=event.about)
    await _signal(client, ref, "event", event.model_dump(mode="json", exclude_none=True))
    return ref.workflow_id


async def replan(client: Client, ref: Ref) -> None:
    """Tells an entity's workflow, started if need be, that its policy or its people have changed."""
    await _signal(client, ref, "replan")


async def look(client: Client, tenant: str, user_id: str, at: datetime) -> None:
    """Has what somebody's quiet hours hold back looked at, at an instant."""
    ref = Ref(tenant=tenant, kind=QUIET_HOURS, id=user_id)
    await _start(client, "QuietHours", ref, "look", at.isoformat())


async def update(client: Client, ref: Ref, act: Act) -> dict[str, Any]:
    """Hands an act to the entity's workflow, started again if somebody ended it; where the entity stands after it.

    Waits for a worker as long as it takes. Raises ActRefused; whatever temporalio raises says that nobody knows
    what came of it, and the same `act` may be handed over again.
    """
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        KINDS[ref.kind].workflow,
        None,
        id=ref.workflow_id,
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        priority=_priority(ref.tenant),
    )
    try:
        with _refusals():
            stands: dict[str, Any] = await client.execute_update_with_start_workflow(
                act.what, _said(act), start_workflow_operation=start, id=act.id, result_type=dict
            )
    except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
        # The start has failed with it, and would be reported once more if nobody asked.
        with suppress(asyncio.CancelledError, TimeoutError, TemporalError):
            async with asyncio.timeout(1):
                await start.workflow_handle()
        raise
    return stands


async def _signal(client: Client, ref: Ref, name: str, *body: Any) -> None:
    await _start(client, KINDS[ref.kind].workflow, ref, name, *body)


async def _start(client: Client, workflow: str, ref: Ref, name: str, *body: Any) -> None:
    await client.start_workflow(
        workflow,
        None,
        id=ref.workflow_id,
        task_queue=TASK_QUEUE,
        start_signal=name,
        start_signal_args=body,
        priority=_priority(ref.tenant),
        rpc_timeout=_PATIENCE,
    )


def _priority(tenant: str) -> Priority:
    return Priority(fairness_key=tenant[:64])


def _said(act: Act) -> dict[str, Any]:
    """An act as the update takes it: its name and id are those of the update."""
    return act.model_dump(mode="json", include={"user_id", "until", "override"}, exclude_none=True)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns the workflow's own refusals into ActRefused; other failures say that it ended before it had a say."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        if isinstance(cause, ApplicationError) and cause.type in ActRefused.CODES:
            raise ActRefused(cause.type, cause.message) from None
        raise
