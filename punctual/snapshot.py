"""What every kind's snapshot has in common."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from punctual.calendar import resolve
from punctual.urls import ActionUrl
from punctual.wire import Id, Instant, Strict, ZoneName, iso_time, zone


def _local(value: Any, info: ValidationInfo) -> Any:
    """A time without an offset is local to the snapshot's `timezone`, which must be given then."""
    if value is None:
        return value
    moment: datetime = iso_time(value)
    if moment.tzinfo is not None:
        return moment
    where = info.data.get("timezone")
    if where is None:
        raise ValueError("must have an offset or Z, or come with a timezone")
    return resolve(moment, zone(where))


def _each_once(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


LocalInstant = Annotated[Instant, BeforeValidator(_local)]
People = Annotated[list[Id], Field(max_length=100), AfterValidator(_each_once)]


class Snapshot(Strict):
    """A whole entity as its CRM sees it. `timezone` comes first, so that the times after it can be local to it."""

    id: Id
    timezone: ZoneName | None = None
    assignee_ids: People
    action_url: ActionUrl | None = None
    metadata: dict[str, Any] = {}
