"""What is under way on slow channels while the entity's life goes on."""

import asyncio
from functools import partial

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from punctual.channels import CHANNELS
    from punctual.protocol import DeliverRequest, Pending, Ref

from workflows import ports


class Outbound:
    """One task for each channel of each step that has something to send."""

    def __init__(self, ref: Ref) -> None:
        self._ref = ref
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._again: dict[tuple[str, str], Pending] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def send(self, pending: list[Pending]) -> None:
        """Starts sending; what is under way may have missed what came later, and is sent once more when it ends."""
        for item in pending:
            name = (item.key, item.channel)
            if name in self._tasks:
                self._again[name] = item
            else:
                self._start(name, item)

    def _start(self, name: tuple[str, str], item: Pending) -> None:
        self._tasks[name] = asyncio.create_task(self._deliver(item))
        self._tasks[name].add_done_callback(partial(self._ended, name))

    def _ended(self, name: tuple[str, str], task: asyncio.Task[None]) -> None:
        del self._tasks[name]
        item = self._again.pop(name, None)
        # A task is cancelled only where the whole workflow leaves its worker.
        if item is not None and not task.cancelled():
            self._start(name, item)

    async def _deliver(self, item: Pending) -> None:
        bounds = [workflow.now() + CHANNELS[item.channel].patience, item.announces, item.until]
        until = min(bound for bound in bounds if bound is not None)
        request = DeliverRequest(
            ref=self._ref, key=item.key, channel=item.channel, until=until, expired=until == item.announces
        )
        summary = f"{item.channel} · {item.key}"
        try:
            await ports.deliver(request, summary)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await ports.give_up(request, summary)
