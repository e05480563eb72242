"""What every entity's workflow answers to. A kind's own file names it and starts its life."""

from typing import Any, ClassVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from punctual.protocol import Act
    from punctual.wire import field_problems

from workflows.lifecycle import Lifecycle
from workflows.mailbox import NOTHING, decoded


class Entity:
    """Signals, queries and updates; everything they ask for happens in the one loop of `Lifecycle`."""

    lifecycle: ClassVar[type[Lifecycle]] = Lifecycle
    kind: ClassVar[str]

    def __init__(self, given: RawValue) -> None:
        self.life = self.lifecycle(self.kind, given)

    @workflow.signal(name="event", description="An event about this entity, as CloudEvents JSON.")
    def event(self, body: RawValue = NOTHING) -> None:
        self.life.mailbox.put(body)

    @workflow.signal(name="replan", description="The policy, the calendar or the people have changed.")
    def replan(self) -> None:
        self.life.mailbox.replan = True

    @workflow.query(name="timeline", description="The steps that are still to come.")
    def timeline(self) -> list[dict[str, Any]]:
        return self.life.timeline()

    @workflow.update(name="acknowledge", description="Somebody takes what is overdue: {user_id}.")
    async def acknowledge(self, body: RawValue = NOTHING) -> dict[str, Any]:
        return await self._act("acknowledge", body)

    @workflow.update(name="snooze", description="Nothing is told before a time: {user_id, until}.")
    async def snooze(self, body: RawValue = NOTHING) -> dict[str, Any]:
        return await self._act("snooze", body)

    @workflow.update(name="remind_now", description="Those responsible are reminded at once: {user_id}.")
    async def remind_now(self, body: RawValue = NOTHING) -> dict[str, Any]:
        return await self._act("remind_now", body)

    async def _act(self, what: str, body: RawValue) -> dict[str, Any]:
        update = workflow.current_update_info()
        assert update is not None, "an update has an id"
        given = decoded(body)
        try:
            act = Act.model_validate({**(given if isinstance(given, dict) else {}), "what": what, "id": update.id})
        except ValidationError as error:
            detail = "; ".join(map(str, field_problems(error)))
            raise ApplicationError(detail, type="invalid", non_retryable=True) from None
        answer = await self.life.mailbox.ask(act)
        if answer.refusal is not None:
            raise ApplicationError(answer.detail, type=answer.refusal, non_retryable=True)
        return answer.model_dump(mode="json", include={"state", "acknowledged_by", "next_step_at"})
