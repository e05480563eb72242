"""The Appointment workflow as somebody might change it: what the gate must catch, and how a change is made safely."""

from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from punctual.protocol import Planned
    from punctual.timeline import Step

from workflows.lifecycle import Lifecycle
from workflows.mailbox import NOTHING


class _Base:
    life: Lifecycle

    async def _run(self) -> None:
        await self.life.run()

    def _event(self, body: RawValue) -> None:
        self.life.mailbox.put(body)


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


@workflow.defn(name="Appointment")
class HastyAppointment(_Base):
    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        self.life = Hasty("appointment", given)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self._run()

    @workflow.signal(name="event")
    def event(self, body: RawValue = NOTHING) -> None:
        self._event(body)


@workflow.defn(name="Appointment")
class PatchedAppointment(_Base):
    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        self.life = Patched("appointment", given)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self._run()

    @workflow.signal(name="event")
    def event(self, body: RawValue = NOTHING) -> None:
        self._event(body)


@workflow.defn(name="Appointment")
class DeafAppointment:
    """A handler that was renamed: what was signalled before is never heard."""

    @workflow.init
    def __init__(self, given: RawValue = NOTHING) -> None:
        self.life = Lifecycle("appointment", given)

    @workflow.run
    async def run(self, given: RawValue = NOTHING) -> None:
        await self.life.run()

    @workflow.signal(name="happening")
    def happening(self, body: Any = None) -> None:
        return None
