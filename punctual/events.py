"""Events as CloudEvents 1.0 JSON: the envelope, its strict parsing, and the order in which events count."""

import hashlib
import re
from datetime import datetime, timedelta
from math import isfinite
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from punctual.errors import FieldProblem, InvalidEvent
from punctual.kind import Kind
from punctual.registry import ALIASES, is_single, kind_of
from punctual.wire import Instant, field_problems

DEEPEST = 50
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
AHEAD = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""


def _token(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must not hold control characters")
    return text


Token = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(_token)]


class Event(BaseModel):
    """One CloudEvent; `data` is already the parsed snapshot of its kind, as plain JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: Token
    source: Token = "crm"
    type: Token
    time: Instant
    data: dict[str, Any]
    punctualaccepted: Instant | None = None
    """When our API took the event: set there, so that an outage between it and the worker makes nothing past."""

    @property
    def key(self) -> str:
        """The step key of this event's notice: the same for every delivery of the same `source` and `id`."""
        return notice_key(self.source, self.id)

    @property
    def about(self) -> str:
        """The id of the entity it is about; a single event's own is made of its `source` and `id`."""
        return _digest(self.source, self.id) if is_single(self.type) else str(self.data["id"])


def notice_key(source: str, id_: str) -> str:
    """The step key of an event's notice."""
    return "event-" + _digest(source, id_)


def _digest(source: str, id_: str) -> str:
    return hashlib.sha256(f"{source}\0{id_}".encode()).hexdigest()[:32]


class Mark(NamedTuple):
    """An event's place in the order of its entity: by time, terminal before others, then by id and source."""

    time: str
    terminal: bool
    id: str
    source: str


def mark(event: Event, kind: Kind[Any]) -> Mark:
    """Where `event` stands; the greatest mark is the last writer's."""
    moment = event.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Mark(moment, kind.effect(event.type) == "closes", event.id, event.source)


def parse(body: Any, *, now: datetime, kind: str | None = None, entity_id: str | None = None) -> Event:
    """The event in `body` (decoded JSON) as heard at `now`; raises InvalidEvent naming each field.

    With `kind` and `entity_id` (known from the workflow's own id) an event about anything else is refused.
    """
    if not isinstance(body, dict):
        raise InvalidEvent([FieldProblem((), "must be a CloudEvents JSON object")])
    _check_texts(body)
    found: Kind[Any] | None = None
    if isinstance(body.get("type"), str):
        body = {**body, "type": ALIASES.get(body["type"], body["type"])}
        found = kind_of(body["type"])
        if is_single(body["type"]) and "time" not in body:
            body["time"] = now.isoformat()
    problems: list[FieldProblem] = []
    event: Event | None = None
    try:
        event = Event.model_validate(body)
    except ValidationError as error:
        problems += field_problems(error)
    if found is not None and isinstance(body.get("data"), dict):
        problems += _data_problems(found, body["data"])
    if event is not None and event.time > now + AHEAD:
        problems.append(FieldProblem(("time",), "is more than 5 minutes ahead"))
    if event is None or found is None or problems:
        raise InvalidEvent(problems)
    snapshot = found.snapshot.model_validate(event.data)
    event = event.model_copy(update={"data": snapshot.model_dump(mode="json", exclude_none=True)})
    if kind is not None and found.name != kind:
        problems.append(FieldProblem(("type",), f"is not about a {kind}, which this workflow's id names"))
    elif entity_id is not None and event.about != entity_id:
        field = ("id",) if is_single(event.type) else ("data", "id")
        problems.append(FieldProblem(field, "is not the id in this workflow's own id"))
    if problems:
        raise InvalidEvent(problems)
    return event


def _check_texts(body: Any) -> None:
    """Refuses what no store can keep, and what is nested deeper than any reader follows."""
    level: list[Any] = [body]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, str) and _UNSTORABLE.search(value):
                raise InvalidEvent([FieldProblem((), "holds a NUL or half of a surrogate pair")])
            if isinstance(value, float) and not isfinite(value):
                raise InvalidEvent([FieldProblem((), "holds a number that JSON does not have")])
            if isinstance(value, dict):
                inner += [*value, *value.values()]
            elif isinstance(value, list):
                inner += value
        if not inner:
            return
        level = inner
    raise InvalidEvent([FieldProblem((), f"is nested deeper than {DEEPEST} levels")])


def _data_problems(found: Kind[Any], data: dict[str, Any]) -> list[FieldProblem]:
    try:
        found.snapshot.model_validate(data)
    except ValidationError as error:
        return field_problems(error, "data")
    return []


def refusal_key(body: Any) -> str:
    """The step key under which a refused event is shown; the same for the same body."""
    digest = hashlib.sha256(repr(body).encode("utf-8", "backslashreplace")).hexdigest()[:32]
    return f"refused-{digest}"
