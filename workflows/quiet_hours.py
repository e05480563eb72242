"""What one user's quiet hours hold back, from the first thing until all of it is sent."""

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from punctual.protocol import QUIET_HOURS, GatherRequest, Ref
    from punctual.quiet_hours import moment_of

from workflows import operators, ports
from workflows.mailbox import NOTHING, decoded
from workflows.outbound import Outbound


@workflow.defn(name="QuietHours")
class QuietHours:
    """Sleeps until the quiet ends, then sends what is still relevant: one message or one summary by each channel."""

    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        # An id that names nobody fails `run`; a workflow that fails before it has one leaves callers waiting.
        self.ref = Ref.of(workflow.info().workflow_id)
        self.outbound = Outbound(self.ref)
        self.next_at: datetime | None = moment_of(decoded(given))

    @workflow.signal(name="look", description="Something is held back until an instant, or the user chose anew.")
    def look(self, at: RawValue = NOTHING) -> None:
        self._wake_at(moment_of(decoded(at)) or workflow.now())

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        if not self.ref.names(QUIET_HOURS):
            message = f"a workflow of this type needs the id {{tenant}}/{QUIET_HOURS}/{{user}}"
            raise ApplicationError(message, type="UnknownWorkflowId", non_retryable=True)
        operators.name(self.ref)
        if self.next_at is None:
            self.next_at = workflow.now()
        while self.next_at is not None or self.outbound:
            if self.next_at is not None and self.next_at <= workflow.now():
                # Cleared before the first await, so that what arrives meanwhile is not overwritten.
                self.next_at = None
                gathered = await ports.gather(GatherRequest(ref=self.ref, now=workflow.now()), "end of the quiet")
                self.outbound.send(gathered.pending)
                self._wake_at(gathered.next_at)
            elif self._should_continue():
                workflow.continue_as_new(self.next_at.isoformat() if self.next_at else None)
            else:
                await self._sleep()

    def _should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and not self.outbound

    def _wake_at(self, at: datetime | None) -> None:
        if at is not None and (self.next_at is None or at < self.next_at):
            self.next_at = at

    async def _sleep(self) -> None:
        sending, planned = len(self.outbound), self.next_at
        left: Any = max(planned - workflow.now(), timedelta(0)) if planned else None
        try:
            await workflow.wait_condition(
                lambda: self.next_at != planned or len(self.outbound) < sending or self._should_continue(),
                timeout=left,
                timeout_summary=f"quiet until {planned:%Y-%m-%d %H:%M} UTC" if planned else None,
            )
        except TimeoutError:
            return
