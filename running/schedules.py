"""What Temporal starts by the clock: the digests, once every quarter of an hour for the whole deployment."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from punctual.client import TASK_QUEUE
from punctual.digests import QUARTER

DIGESTS = "punctual-digests"
EVERY = timedelta(minutes=QUARTER)
"""Counted from the epoch, so on the quarter hours of every zone there is."""
CATCH_UP = timedelta(hours=1)
"""One run makes all that is due: of those missed while Temporal was away, the last few are more than enough."""


async def prepare(client: Client) -> None:
    """Makes the schedule, or what is ours of one that is there; whether it is paused, and the note, are operators'.

    Safe to run again, and from several processes at once.
    """
    wanted = _wanted()
    try:
        await client.create_schedule(DIGESTS, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(DIGESTS).update(_update)


def _wanted() -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow("Digest", id=DIGESTS, task_queue=TASK_QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
        # A run that waits for a slow mail server must not hold up the next.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=CATCH_UP),
    )


def _update(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
    """What has to be written, if anything: a write could undo a pause that comes at the same moment."""
    there, wanted = found.description.schedule, _wanted()
    if _ours(there) == _ours(wanted):
        return None
    there.action, there.spec, there.policy = wanted.action, wanted.spec, wanted.policy
    return ScheduleUpdate(schedule=there)


def _ours(schedule: Schedule) -> tuple[object, ...]:
    action, spec, policy = schedule.action, schedule.spec, schedule.policy
    assert isinstance(action, ScheduleActionStartWorkflow)
    times = [(each.every, each.offset or timedelta(0)) for each in spec.intervals]
    others = [*spec.calendars, *spec.cron_expressions, *spec.skip]
    return action.workflow, action.id, action.task_queue, times, others, policy.overlap, policy.catchup_window
