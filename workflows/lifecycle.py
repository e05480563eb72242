"""The one loop that all entity workflows share: wait for the next step or message, ask the core, deliver."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from punctual.calendar import local_text
    from punctual.protocol import Composed, ComposeRequest, Life, Planned, PlanRequest, Ref, former_life
    from punctual.timeline import Step

from workflows import operators, ports
from workflows.mailbox import NOTHING, Mailbox, decoded
from workflows.outbound import Outbound

# How a cancellation shows: bare, or as that of the activity that was waited for. Store steps never fail otherwise.
CANCELLED = (asyncio.CancelledError, ActivityError)
OPEN = ("planned", "deferred")
# How long news waits for a step that is being told.
GRACE = timedelta(seconds=1)


class Lifecycle:
    """One entity's life: everything happens in `run`, one thing at a time."""

    def __init__(self, kind: str, given: RawValue) -> None:
        # An id that names no entity fails `run`; a workflow that fails before it has one leaves callers waiting.
        self.ref = Ref.of(workflow.info().workflow_id)
        self.kind = kind
        life = former_life(decoded(given), kind)
        self.mailbox = Mailbox(self.ref, started=life is not None)
        self.outbound = Outbound(self.ref)
        self.planned: Planned | None = None
        # Who of a step's large audience was told last, where news has interrupted the telling.
        self.told_until: dict[str, str] = {}
        self.steps: list[Step] = []
        if life is not None:
            self.mailbox.heard, self.mailbox.refused = list(life.heard), list(life.refused)
            self.planned, self.steps = life.plan, list(life.plan.steps)
        elif given is not NOTHING and decoded(given) is not None:
            self.mailbox.put(given)

    def timeline(self) -> list[dict[str, Any]]:
        """The steps not yet told, as plain JSON."""
        return [step.model_dump(mode="json") for step in self.steps]

    async def run(self) -> None:
        if not self.ref.names(self.kind):
            message = f"a workflow of this type needs the id {{tenant}}/{self.kind}/{{id}}"
            raise ApplicationError(message, type="UnknownWorkflowId", non_retryable=True)
        try:
            await self._live()
        except CANCELLED:
            # An operator ends this run; but news that came with it is no less valid than news that comes after it.
            if not self.mailbox:
                raise
            self._continue(await self._plan())

    async def _live(self) -> None:
        self.outbound.send(self.planned.pending if self.planned else [])
        while self.planned is None or not self._is_over(self.planned):
            if self.mailbox or self.planned is None:
                self.planned = await self._plan()
            elif self.steps and self.steps[0].due_at <= workflow.now():
                # Taken off before the first await, so that what arrives meanwhile finds the steps as they are.
                self.planned = await self._tell(self.planned, self.steps.pop(0))
            elif self._should_continue():
                await workflow.wait_condition(workflow.all_handlers_finished)
                self._continue(self.planned.model_copy(update={"pending": []}))
            else:
                await self._sleep(self.planned)
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _is_over(self, planned: Planned) -> bool:
        return planned.idle and not (self.mailbox or self.steps or self.outbound)

    def _should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and not self.outbound

    async def _plan(self) -> Planned:
        heard, refused = self.mailbox.take()
        acts, self.mailbox.acts = self.mailbox.acts, []
        request = PlanRequest(ref=self.ref, now=workflow.now(), heard=heard, refused=refused, acts=acts)
        told = [item.event.type for item in heard] + ["refused event"] * len(refused) + [act.what for act in acts]
        try:
            planned = await ports.plan(request, ", ".join(told)[:200] or "plan")
        except CANCELLED:
            self.mailbox.put_back(heard, refused)
            self.mailbox.acts = acts + self.mailbox.acts
            raise
        self.mailbox.answers |= {answer.id: answer for answer in planned.answers}
        self.steps = list(planned.steps)
        self.outbound.send(planned.pending)
        operators.show(self.ref, planned, self.steps)
        return planned

    async def _tell(self, planned: Planned, step: Step) -> Planned:
        request = ComposeRequest(ref=self.ref, key=step.key, now=workflow.now(), after=self.told_until.get(step.key))
        telling = asyncio.create_task(self._compose(request, _summary(step, planned)))
        await workflow.wait_condition(lambda: telling.done() or bool(self.mailbox))
        if not telling.done():
            # News come before answers in a task: what seems under way may be over, and must not be cancelled then.
            await workflow.wait([telling], timeout=GRACE.total_seconds())
        if not telling.done():
            # News while we wait, perhaps for a store that is down: the step may be pointless by now. The plan that
            # follows knows whether it was told after all, and what is still to be sent of it.
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            return planned
        composed = telling.result()
        self.outbound.send(composed.pending)
        planned = planned.model_copy(update={"stage": composed.stage})
        if composed.replan and (self.steps or composed.outcome in OPEN):
            return await self._plan()
        operators.show(self.ref, planned, self.steps)
        return planned

    async def _compose(self, request: ComposeRequest, summary: str) -> Composed:
        """One step to its whole audience, page by page."""
        composed = await ports.compose(request, summary)
        while composed.more is not None:
            self.told_until[request.key] = composed.more
            composed = await ports.compose(request.model_copy(update={"after": composed.more}), summary)
        self.told_until.pop(request.key, None)
        return composed

    async def _sleep(self, planned: Planned) -> None:
        sending = len(self.outbound)
        left = max(self.steps[0].due_at - workflow.now(), timedelta(0)) if self.steps else None
        summary = _summary(self.steps[0], planned) if self.steps else None
        try:
            await workflow.wait_condition(
                lambda: bool(self.mailbox) or len(self.outbound) < sending or self._should_continue(),
                timeout=left,
                timeout_summary=summary,
            )
        except TimeoutError:
            return

    def _continue(self, planned: Planned) -> None:
        plan = planned.model_copy(update={"steps": self.steps})
        life = Life(carried=True, heard=self.mailbox.heard, refused=self.mailbox.refused, plan=plan)
        workflow.continue_as_new(life.model_dump(mode="json"))


def _summary(step: Step, planned: Planned) -> str:
    return f"{step.key} · {local_text(step.due_at, planned.zone)}"
