"""The life of one task."""

from temporalio import workflow
from temporalio.common import RawValue

from workflows.entity import Entity
from workflows.mailbox import NOTHING


@workflow.defn(name="Task")
class Task(Entity):
    """Owns one task from its first event until it has ended and everything about it is told."""

    kind = "task"

    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()
