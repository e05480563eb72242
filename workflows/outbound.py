"""What is under way on slow channels while the entity's life goes on."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from punctual.channels import CHANNELS
    from punctual.protocol import DeliverRequest, Ref
    from punctual.timeline import Step

from workflows import ports


class Outbound:
    """One task for each channel of each step that has something to send."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def send(self, ref: Ref, step: Step, channels: list[str], summary: str) -> None:
        """Starts sending; nothing is tried beyond the instant that the step announces."""
        for channel in channels:
            patience = workflow.now() + CHANNELS[channel].patience
            until = min(step.announces or patience, patience)
            request = DeliverRequest(ref=ref, key=step.key, channel=channel, until=until)
            task = asyncio.create_task(_deliver(request, f"{channel} · {summary}"))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _deliver(request: DeliverRequest, summary: str) -> None:
    try:
        await ports.deliver(request, summary)
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        await ports.give_up(request, summary)
