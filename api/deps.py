"""What routes ask for: the process's resources, the caller by role, ids that can be one, the clock."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Path, Query
from starlette.requests import HTTPConnection

from api.event_types import EventTypes
from api.gateway import Gateway
from api.identity import Caller, caller
from punctual.wire import ID_PATTERN
from resources import Resources


def _resources(connection: HTTPConnection) -> Resources:
    found: Resources = connection.app.state.resources
    return found


def _gateway(connection: HTTPConnection) -> Gateway:
    found: Gateway = connection.app.state.gateway
    return found


def _types(connection: HTTPConnection) -> EventTypes:
    found: EventTypes = connection.app.state.types
    return found


Ours = Annotated[Resources, Depends(_resources)]
Temporal = Annotated[Gateway, Depends(_gateway)]
Types = Annotated[EventTypes, Depends(_types)]

Person = Annotated[Caller, caller("user", "admin")]
"""Somebody with an inbox of their own."""
System = Annotated[Caller, caller("service", "admin")]
Admin = Annotated[Caller, caller("admin")]
Anyone = Annotated[Caller, caller("user", "admin", "service")]

IdPath = Annotated[str, Path(pattern=ID_PATTERN)]
NamePath = Annotated[str, Path(pattern=r"^[a-z_]{1,64}$")]
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=1000)]


def now() -> datetime:
    return datetime.now(UTC)


def iso(moment: datetime | None) -> str | None:
    """An instant as all answers show it: in UTC with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
