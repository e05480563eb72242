"""Punctual for CRM code: connect, and tell it what happened.

punctual = await Punctual.connect("127.0.0.1:7233", payload_keys={"k1": key})
await punctual.tell("acme", {"id": "e1", "type": "appointment.scheduled", "time": …, "data": {…}})
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import Priority

from punctual import events
from punctual.codec import data_converter
from punctual.events import Event
from punctual.protocol import Ref
from punctual.registry import kind_of

TASK_QUEUE = "punctual"


class Punctual:
    """A connection to the Temporal that Punctual's workers serve."""

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
        """Hands over one event; the id of the workflow that has it, durably.

        Raises punctual.errors.InvalidEvent for what cannot be accepted, temporalio.service.RPCError when Temporal
        cannot take it now. Telling it again is always safe.
        """
        now = datetime.now(UTC)
        parsed = event if isinstance(event, Event) else events.parse(dict(event), now=now)
        return await signal(self._client, tenant, parsed.model_copy(update={"punctualaccepted": now}))


async def signal(client: Client, tenant: str, event: Event) -> str:
    """Signals the event's workflow, started if need be; its id."""
    kind = kind_of(event.type)
    assert kind is not None, "a parsed event has a kind"
    ref = Ref(tenant=tenant, kind=kind.name, id=event.data["id"])
    await client.start_workflow(
        kind.workflow,
        None,
        id=ref.workflow_id,
        task_queue=TASK_QUEUE,
        start_signal="event",
        start_signal_args=[event.model_dump(mode="json", exclude_none=True)],
        priority=Priority(fairness_key=tenant[:64]),
        rpc_timeout=timedelta(seconds=5),
    )
    return ref.workflow_id
