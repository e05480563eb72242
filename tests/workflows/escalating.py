"""Follow-ups that escalate, for the tests that look at who was told what and when."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from punctual.policy import Escalation, Level, Policy
from tests.world import World

MINUTE, H = timedelta(minutes=1), timedelta(hours=1)
OVERDUE = "follow_up.overdue"


def chain(*levels: tuple[str, str], **changes: Any) -> Policy:
    """Overdue at once, then these levels, at any hour."""
    escalation = {key: changes.pop(key) for key in ("repeat", "acknowledgement_expires") if key in changes}
    return Policy(
        overdue_after="PT0S",
        escalation=Escalation(levels=[Level(to=to, after=after) for to, after in levels], **escalation),
        **changes,
    )


THREE = chain(("assignees", "PT0S"), ("managers", "PT30M"), ("managers_of_managers", "PT1H"))


async def told(world: World, people: str = "asha ravi lena olga") -> dict[str, list[str]]:
    """What each was told of the escalation, without the notices of events."""
    about = (OVERDUE, "escalation.acknowledged", "escalation.exhausted")
    return {name: [type_ for type_ in await world.types(name) if type_ in about] for name in people.split()}


async def when(world: World, name: str, type_: str = OVERDUE) -> list[datetime]:
    return [note.created_at for note in await world.inbox(name) if note.type == type_]


async def created(world: World, now: datetime, due: datetime, **data: Any) -> WorkflowHandle[Any, Any]:
    return await world.tell(world.event("created", now, due_at=due, **data))


async def refused(handle: WorkflowHandle[Any, Any], name: str, body: Any) -> str | None:
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await handle.execute_update(name, body)
    assert isinstance(error.value.cause, ApplicationError)
    return error.value.cause.type
