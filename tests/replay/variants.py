"""The Appointment workflow as somebody might change it: what the gate must catch, and how a change is made safely."""

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from punctual.protocol import Planned
    from punctual.timeline import Step

from workflows.appointment import Appointment
from workflows.lifecycle import Lifecycle
from workflows.mailbox import NOTHING


class Hasty(Lifecycle):
    """A change nobody guarded: it plans once more before it tells."""

    async def _tell(self, planned: Planned, step: Step) -> Planned:
        await self._plan()
        return await super()._tell(planned, step)


class Patched(Lifecycle):
    """The same change behind a patch: new runs take it, recorded ones go on as they were."""

    async def _tell(self, planned: Planned, step: Step) -> Planned:
        if workflow.patched("plan-before-telling"):
            steps = self.steps
            await self._plan()
            self.steps = steps
        return await super()._tell(planned, step)


class Sleepless(Lifecycle):
    """A change that forgets the timer: it wakes for news only."""

    async def _sleep(self, planned: Planned) -> None:
        await workflow.wait_condition(lambda: bool(self.mailbox))


@workflow.defn(name="Appointment")
class HastyAppointment(Appointment):
    lifecycle = Hasty

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()


@workflow.defn(name="Appointment")
class PatchedAppointment(Appointment):
    lifecycle = Patched

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()


@workflow.defn(name="Appointment")
class SleeplessAppointment(Appointment):
    lifecycle = Sleepless

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()
