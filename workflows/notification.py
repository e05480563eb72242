"""The life of one single event."""

from temporalio import workflow
from temporalio.common import RawValue

from workflows.entity import Entity
from workflows.mailbox import NOTHING


@workflow.defn(name="Notification")
class Notification(Entity):
    """Owns one single event from its first event until it is told and everything about it is told."""

    kind = "notification"

    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()
