"""The one loop that all entity workflows share: wait for the next step or message, ask the core, deliver."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from punctual import events
    from punctual.calendar import local_text
    from punctual.channels import CHANNELS
    from punctual.errors import InvalidEvent, UnknownWorkflowId
    from punctual.protocol import (
        ComposeRequest,
        DeliverRequest,
        Heard,
        Life,
        Planned,
        PlanRequest,
        Ref,
        Refusal,
        is_life,
    )
    from punctual.timeline import Step

from workflows import operators, ports


class Lifecycle:
    """One entity's life. Handlers only note what arrived; everything else happens in `run`, in one order."""

    def __init__(self, kind: str, given: Any) -> None:
        self.heard: list[Heard] = []
        self.refused: list[Refusal] = []
        self.planned: Planned | None = None
        self.steps: list[Step] = []
        self.deliveries: set[asyncio.Task[None]] = set()
        self.running = False
        self.kind = kind
        self.ref: Ref | None = None
        try:
            self.ref = Ref.parse(workflow.info().workflow_id, kind)
        except UnknownWorkflowId as error:
            self.unknown = str(error)
        if is_life(given):
            life = Life.model_validate(given)
            self.heard, self.refused, self.planned = list(life.heard), list(life.refused), life.plan
            self.steps = list(life.plan.steps) if life.plan else []
        elif given is not None:
            self.hear(given)

    def hear(self, body: Any) -> None:
        """Takes an event in whatever shape it came; never raises, for a signal that raises would wedge the entity."""
        if self.ref is None:
            return
        try:
            # What waited for us before our first task was accepted when the workflow was started.
            first = workflow.now() if self.running else workflow.info().start_time
            event = events.parse(body, now=workflow.now(), kind=self.kind, entity_id=self.ref.id)
            at = min(event.punctualaccepted or first, workflow.now())
            self.heard.append(Heard(event=event, at=at))
        except InvalidEvent as error:
            self._refuse(body, str(error))
        except Exception as error:
            workflow.logger.exception("an event could not be read")
            self._refuse(body, f"could not be read: {type(error).__name__}")

    def _refuse(self, body: Any, detail: str) -> None:
        named = body.get("type") if isinstance(body, dict) else None
        type_ = named if isinstance(named, str) and events.is_known(named) else "unknown"
        self.refused.append(Refusal(key=events.refusal_key(body), type=type_, detail=detail[:2000]))

    def timeline(self) -> list[dict[str, Any]]:
        """The steps not yet told, as plain JSON."""
        return [step.model_dump(mode="json") for step in self.steps]

    async def run(self) -> None:
        if self.ref is None:
            raise ApplicationError(self.unknown, type="UnknownWorkflowId", non_retryable=True)
        self.running = True
        while not await self._turn(self.ref):
            pass
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _turn(self, ref: Ref) -> bool:
        """One thing at a time, in order of urgency; True when the life has ended."""
        if self.heard or self.refused or self.planned is None:
            await self._plan(ref)
        elif self.steps and self.steps[0].due_at <= workflow.now():
            await self._tell(ref, self.steps.pop(0))
        elif self.planned.idle and not self.steps and not self.deliveries:
            return True
        elif workflow.info().is_continue_as_new_suggested() and not self.deliveries:
            self._continue()
        else:
            await self._sleep()
        return False

    async def _plan(self, ref: Ref) -> None:
        heard, refused = self.heard, self.refused
        self.heard, self.refused = [], []
        request = PlanRequest(ref=ref, now=workflow.now(), heard=heard, refused=refused)
        summary = ", ".join([h.event.type for h in heard] + ["refused event"] * len(refused)) or "plan"
        self.planned = await ports.plan(request, summary[:200])
        self.steps = list(self.planned.steps)
        operators.show(ref, self.planned, self.steps)

    async def _tell(self, ref: Ref, step: Step) -> None:
        assert self.planned is not None
        summary = f"{step.key} · {local_text(step.due_at, self.planned.zone)}"
        composed = await ports.compose(ComposeRequest(ref=ref, key=step.key, now=workflow.now()), summary)
        self.planned = self.planned.model_copy(update={"stage": composed.stage})
        operators.show(ref, self.planned, self.steps)
        for channel in composed.pending:
            patience = workflow.now() + CHANNELS[channel].patience
            until = min(step.announces or patience, patience)
            request = DeliverRequest(ref=ref, key=step.key, channel=channel, until=until)
            task = asyncio.create_task(self._deliver(request, f"{channel} · {summary}"))
            self.deliveries.add(task)
            task.add_done_callback(self.deliveries.discard)

    async def _deliver(self, request: DeliverRequest, summary: str) -> None:
        try:
            await ports.deliver(request, summary)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await ports.give_up(request, summary)

    async def _sleep(self) -> None:
        busy = len(self.deliveries)
        left, summary = None, None
        if self.steps and self.planned:
            step = self.steps[0]
            left = max(step.due_at - workflow.now(), timedelta(0))
            summary = f"{step.key} · {local_text(step.due_at, self.planned.zone)}"

        def stirred() -> bool:
            suggested = workflow.info().is_continue_as_new_suggested() and not self.deliveries
            return bool(self.heard or self.refused or suggested) or len(self.deliveries) < busy

        try:
            await workflow.wait_condition(stirred, timeout=left, timeout_summary=summary)
        except TimeoutError:
            return

    def _continue(self) -> None:
        assert self.planned is not None
        plan = self.planned.model_copy(update={"steps": self.steps})
        life = Life(heard=self.heard, refused=self.refused, plan=plan)
        workflow.continue_as_new(life.model_dump(mode="json"))
