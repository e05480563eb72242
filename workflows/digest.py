"""One run of the deployment's schedule of digests: writes what is due, and sends it."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from punctual.channels import CHANNELS
    from punctual.digests import QUARTER
    from punctual.protocol import DIGEST, DeliverRequest, DigestRequest, Parcel, Pending, Ref

from workflows import operators, ports
from workflows.mailbox import NOTHING
from workflows.outbound import Outbound

NEXT_RUN = timedelta(minutes=QUARTER)
# The server takes two thousand activities of one workflow at a time.
AT_ONCE = 200


class Post(Outbound):
    """One tenant's digests on slow channels. What this run cannot send, the next one finds open and goes on with."""

    def __init__(self, ref: Ref, gate: asyncio.Semaphore) -> None:
        super().__init__(ref)
        self._gate = gate

    async def _deliver(self, item: Pending) -> None:
        until = workflow.now() + CHANNELS[item.channel].patience
        request = DeliverRequest(ref=self._ref, key=item.key, channel=item.channel, until=until)
        async with self._gate:
            try:
                await ports.deliver(request, f"{item.channel} · {self._ref.id} {item.key}", within=NEXT_RUN)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise


@workflow.defn(name="Digest")
class Digest:
    """Makes the digests that are due when it starts, of all tenants; any number of runs may do so at once."""

    def __init__(self) -> None:
        self._posts: dict[Ref, Post] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        workflow.upsert_search_attributes([operators.KIND.value_set(DIGEST)])
        due_by = workflow.now()
        after: tuple[datetime, str, str] | None = None
        while True:
            request = DigestRequest(now=workflow.now(), due_by=due_by, after=after)
            digested = await ports.digest(request, f"due by {due_by:%Y-%m-%d %H:%M} UTC")
            self._send(digested.parcels)
            after = digested.more
            if after is None or workflow.info().is_continue_as_new_suggested():
                break
        await workflow.wait_condition(lambda: not any(self._posts.values()))
        if after is not None:
            # The next run begins with whose digest is still due, and with what is still open.
            workflow.continue_as_new()

    def _send(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            post = self._posts.setdefault(parcel.ref, Post(parcel.ref, self._gate))
            post.send([parcel.pending])
