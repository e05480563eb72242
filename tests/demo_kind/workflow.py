"""The life of one visit."""

from temporalio import workflow
from temporalio.common import RawValue

from workflows.entity import Entity
from workflows.mailbox import NOTHING


@workflow.defn(name="Visit")
class Visit(Entity):
    """Owns one visit from its first event until it has ended and everything about it is told."""

    kind = "visit"

    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()
