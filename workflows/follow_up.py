"""The life of one follow-up."""

from temporalio import workflow
from temporalio.common import RawValue

from workflows.entity import Entity
from workflows.mailbox import NOTHING


@workflow.defn(name="FollowUp")
class FollowUp(Entity):
    """Owns one follow-up from its first event until it has ended and everything about it is told."""

    kind = "follow_up"

    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()
