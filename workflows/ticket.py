"""The life of one ticket."""

from temporalio import workflow
from temporalio.common import RawValue

from workflows.entity import Entity
from workflows.mailbox import NOTHING


@workflow.defn(name="Ticket")
class Ticket(Entity):
    """Owns one ticket from its first event until it has ended and everything about it is told."""

    kind = "ticket"

    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()
