"""What a scenario may say; `docs/simulate.md` lists the keys. Times are read by a `Start`, the validation context."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

import catalogue
from api.event_types import EventTypes
from api.people import NamedPerson
from punctual.policy import Policy
from punctual.preferences import Preferences, Switches, TypeName
from punctual.registry import ENTITIES
from punctual.wire import Id, Strict, ZoneName, zone
from simulating import times

What = Literal["acknowledge", "snooze", "remind_now"]
_ACTS: tuple[What, ...] = get_args(What)
_MOST = 10_000


@dataclass(frozen=True)
class Start:
    """When a scenario begins, and the zone that times without an offset are in."""

    at: datetime
    where: ZoneInfo


def _start(info: ValidationInfo) -> Start:
    assert isinstance(info.context, Start), "a scenario is validated with its start"
    return info.context


def _instant(value: Any, info: ValidationInfo) -> datetime:
    start = _start(info)
    return times.instant(value, start.at, start.where)


def _moment(value: Any, info: ValidationInfo) -> datetime:
    moment = _instant(value, info)
    if moment < _start(info).at:
        raise ValueError("lies before `starts`")
    return moment


def _resolved(data: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    """Relative times become instants in the fields that hold times, all of whose names end in `_at`."""
    start = _start(info)
    found = {
        name: times.relative(value, start.at, start.where)
        for name, value in data.items()
        if name.endswith("_at") and isinstance(value, str)
    }
    return {**data, **{name: moment.isoformat() for name, moment in found.items() if moment}}


def _until(value: Any, info: ValidationInfo) -> Any:
    return value if value == "next_working_morning" else _moment(value, info)


def _entity(name: str) -> str:
    kind, slash, id_ = name.partition("/")
    if kind not in ENTITIES or not slash or not id_:
        raise ValueError(f"must be one of {', '.join(ENTITIES)}, a slash, and its id, such as follow_up/42")
    return name


def _kind(name: str) -> str:
    if name not in ENTITIES:
        raise ValueError(f"must be one of {', '.join(ENTITIES)}")
    return name


@cache
def event_types() -> EventTypes:
    """The types of the shipped catalogue."""
    return EventTypes(catalogue.load())


def _known_type(name: str) -> str:
    """Under today's name."""
    known = event_types().today(name)
    if not event_types().exists(known):
        raise ValueError("is not a notification type")
    return known


Instant = Annotated[datetime, BeforeValidator(_instant)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Entity = Annotated[str, AfterValidator(_entity)]


class Choices(Preferences):
    """What somebody has chosen, as PUT /v1/preferences takes it."""

    types: Annotated[dict[Annotated[TypeName, AfterValidator(_known_type)], Switches], Field(max_length=500)] = {}


class User(NamedPerson):
    """Somebody in the directory; `push`: they have a device."""

    push: bool = False
    preferences: Choices = Choices()


class Event(Strict):
    """What the CRM says at `at`; `time` is the event's own, where that differs."""

    at: Moment
    type: str
    data: Annotated[dict[str, Any], AfterValidator(_resolved)]
    time: Instant | None = None
    id: str | None = None
    source: str | None = None


class Act(Strict):
    """What somebody does about an entity; exactly one of the three."""

    at: Moment
    by: Id
    acknowledge: Entity | None = None
    snooze: Entity | None = None
    remind_now: Entity | None = None
    until: Annotated[datetime | Literal["next_working_morning"] | None, BeforeValidator(_until)] = None

    @model_validator(mode="after")
    def _one(self) -> "Act":
        if sum(getattr(self, what) is not None for what in _ACTS) != 1:
            raise ValueError(f"must have exactly one of {', '.join(_ACTS)}")
        if (self.snooze is None) != (self.until is None):
            raise ValueError("must have `until` with snooze, and only with it")
        return self

    @property
    def what(self) -> What:
        return next(what for what in _ACTS if getattr(self, what) is not None)

    @property
    def entity(self) -> str:
        return str(getattr(self, self.what))


class Change(Strict):
    """What changes about somebody: their id, and the fields that are new; an id that is new is somebody new."""

    at: Moment
    user: dict[str, Any]


class Scenario(Strict):
    """A whole scenario; `starts` and `zone` have been read before."""

    starts: Any = None
    zone: ZoneName = "UTC"
    users: Annotated[list[User], Field(max_length=_MOST)] = []
    policies: dict[Annotated[str, AfterValidator(_kind)], Policy] = {}
    events: Annotated[list[Event], Field(max_length=_MOST)] = []
    acts: Annotated[list[Act], Field(max_length=_MOST)] = []
    directory: Annotated[list[Change], Field(max_length=_MOST)] = []
    until: Moment | None = None

    @property
    def where(self) -> ZoneInfo:
        return zone(self.zone)
