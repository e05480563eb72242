"""The life of one appointment."""

from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

from workflows.lifecycle import Lifecycle
from workflows.mailbox import NOTHING


@workflow.defn(name="Appointment")
class Appointment:
    """Owns one appointment from its first event until it has ended and everything about it is told."""

    lifecycle = Lifecycle

    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        self.life = self.lifecycle("appointment", given)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()

    @workflow.signal(name="event", description="An event about this appointment, as CloudEvents JSON.")
    def event(self, body: RawValue = NOTHING) -> None:
        self.life.mailbox.put(body)

    @workflow.query(name="timeline", description="The steps that are still to come.")
    def timeline(self) -> list[dict[str, Any]]:
        return self.life.timeline()
