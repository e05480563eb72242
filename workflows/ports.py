"""The activities as workflows see them: typed calls, each with its time-outs and retry policy and why.

A test compares these names and types with the implementations in `activities`.
"""

from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from punctual.channels import CHANNELS
    from punctual.protocol import (
        Composed,
        ComposeRequest,
        DeliverRequest,
        Digested,
        DigestRequest,
        Gathered,
        GatherRequest,
        Planned,
        PlanRequest,
        Ref,
        Told,
    )

T = TypeVar("T")

# The store is ours and comes back: try until it does, often at first, so that a blip costs no reminder its instant.
STORE = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)
# One transaction takes milliseconds; five seconds bound what a killed worker delays.
STORE_TIMEOUT = timedelta(seconds=5)

# Steps that run inside the workflow task. docs/decisions/0002 has the figures.
LOCAL: frozenset[str] = frozenset()
# A local step that keeps failing leaves the workflow task after this, and waits on timers that operators see.
LOCAL_RETRIES = timedelta(seconds=2)

# A provider's own answer (Retry-After) overrides these intervals; only time bounds the attempts.
PROVIDER_FIRST_RETRY = timedelta(seconds=2)
PROVIDER_SLOWEST_RETRY = timedelta(minutes=10)
PROVIDER_TIMEOUT = timedelta(minutes=2)
# Sends beat between recipients; a silent worker is given up after this.
PROVIDER_HEARTBEAT = timedelta(seconds=15)


# What is everybody's, and nobody's alarm, lets everything else pass.
UNHURRIED = Priority(priority_key=4)


def fair(tenant: str) -> Priority:
    """Tenants share a queue evenly when there is a backlog."""
    return Priority(fairness_key=tenant[:64])


async def plan(request: PlanRequest, summary: str) -> Planned:
    return await _in_store("plan", request, Planned, request.ref, summary)


async def compose(request: ComposeRequest, summary: str) -> Composed:
    return await _in_store("compose", request, Composed, request.ref, summary)


async def gather(request: GatherRequest, summary: str) -> Gathered:
    return await _in_store("gather", request, Gathered, request.ref, summary)


async def digest(request: DigestRequest, summary: str) -> Digested:
    return await _in_store("digest", request, Digested, None, summary)


async def _in_store(name: str, request: BaseModel, answer: type[T], ref: Ref | None, summary: str) -> T:
    if name in LOCAL:
        here: T = await workflow.execute_local_activity(
            name,
            request,
            result_type=answer,
            start_to_close_timeout=STORE_TIMEOUT,
            retry_policy=STORE,
            local_retry_threshold=LOCAL_RETRIES,
            summary=summary,
        )
        return here
    there: T = await workflow.execute_activity(
        name,
        request,
        result_type=answer,
        start_to_close_timeout=STORE_TIMEOUT,
        retry_policy=STORE,
        summary=summary,
        priority=fair(ref.tenant) if ref is not None else UNHURRIED,
    )
    return there


async def deliver(request: DeliverRequest, summary: str, *, within: timedelta | None = None) -> Told:
    """Tried until the request's `until`; or no longer than `within`, where somebody else goes on after that."""
    left = request.until - workflow.now()
    spec = CHANNELS[request.channel]
    told: Told = await workflow.execute_activity(
        "deliver",
        request,
        result_type=Told,
        task_queue=spec.queue,
        start_to_close_timeout=PROVIDER_TIMEOUT,
        heartbeat_timeout=PROVIDER_HEARTBEAT,
        schedule_to_close_timeout=max(left if within is None else min(left, within), timedelta(seconds=1)),
        retry_policy=RetryPolicy(
            initial_interval=PROVIDER_FIRST_RETRY,
            maximum_interval=PROVIDER_SLOWEST_RETRY,
        ),
        summary=summary,
        priority=fair(request.ref.tenant),
    )
    return told


async def give_up(request: DeliverRequest, summary: str) -> Told:
    """What is still open will not be sent: a row must say so, however long the store takes."""
    told: Told = await workflow.execute_activity(
        "deliver",
        request.model_copy(update={"give_up": True}),
        result_type=Told,
        task_queue=CHANNELS[request.channel].queue,
        start_to_close_timeout=STORE_TIMEOUT,
        retry_policy=STORE,
        summary=summary,
    )
    return told
