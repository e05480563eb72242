"""From a file to a scenario that can be played, or to one line that says why not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api.people import circular
from punctual.digests import Digest
from punctual.errors import FieldProblem
from punctual.policy import Escalation, Level, Policy, Reminder, WorkingHours, check
from punctual.preferences import Preferences
from punctual.quiet_hours import QuietHours
from punctual.wire import field_problems, zone
from simulating import ScenarioError, times
from simulating.reading import read
from simulating.scenario import Act, Change, Event, Scenario, Start, User

_UNKNOWN = "is not a known field"
_PEOPLE = (User, Preferences, QuietHours, Digest)
_POLICIES = (Policy, Reminder, Escalation, Level, WorkingHours)
_KEYS = frozenset(
    name for model in (Scenario, Event, Act, Change, *_PEOPLE, *_POLICIES) for name in model.model_fields
)
_HOMES = {"preferences": "a user", **dict.fromkeys(Preferences.model_fields, "a user's preferences")}


@dataclass(frozen=True)
class Changed:
    """Somebody as they are from `at` on, and what of it was said then."""

    at: datetime
    user: User
    said: dict[str, Any]


@dataclass(frozen=True)
class Loaded:
    """A scenario, when it starts (UTC), and the people who change on the way, in order of time."""

    scenario: Scenario
    starts: datetime
    people: list[Changed]


def load(path: Path, now: datetime) -> Loaded:
    """The scenario in the file, begun on the Monday after `now` if it does not say when; raises ScenarioError."""
    body = read(path)
    if not isinstance(body, dict):
        raise ScenarioError(f"{path.name}: must be an object with the keys {', '.join(Scenario.model_fields)}")
    try:
        start = _start(body, now)
        scenario = Scenario.model_validate(body, context=start)
        problems = list(_problems(scenario))
        people = [] if problems else list(_people(scenario))
    except ValidationError as error:
        problems = field_problems(error)
    except _Refused as error:
        problems = [error.problem]
    if problems:
        problems.sort(key=lambda problem: problem.detail != _UNKNOWN)  # what is missing may only be misspelt
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ScenarioError(f"{path.name}: {_words(problems[0])}{more}")
    return Loaded(scenario, start.at, people)


class _Refused(Exception):
    def __init__(self, *path: str | int, detail: str) -> None:
        super().__init__(detail)
        self.problem = FieldProblem(path, detail)


def _start(body: dict[str, Any], now: datetime) -> Start:
    """`zone` and `starts` come first: the other times are read by them."""
    try:
        where = zone(body.get("zone", "UTC"))
    except (ValueError, TypeError):
        raise _Refused("zone", detail="must be an IANA time zone such as Europe/Berlin") from None
    if body.get("starts") is None:
        return Start(times.next_monday(now, where), where)
    try:
        return Start(times.instant(body["starts"], now, where), where)
    except ValueError as error:
        raise _Refused("starts", detail=str(error)) from None


def _problems(scenario: Scenario) -> Iterator[FieldProblem]:
    """What does not fit together although each field is well-formed."""
    for kind, policy in scenario.policies.items():
        for problem in check(policy, kind=kind):
            yield FieldProblem(("policies", kind, *problem.path), problem.detail)
    seen: set[str] = set()
    for number, user in enumerate(scenario.users):
        if user.id in seen:
            yield FieldProblem(("users", number, "id"), "is in the list twice")
        seen.add(user.id)
    chart = {user.id: user.manager_id for user in scenario.users if user.manager_id}
    for number, user in enumerate(scenario.users):
        if circular(chart, user.id):
            yield FieldProblem(("users", number, "manager_id"), "makes a circle: somebody would be their own manager")
    timed: dict[str, Sequence[Event | Act | Change]] = {
        "events": scenario.events,
        "acts": scenario.acts,
        "directory": scenario.directory,
    }
    for name, items in timed.items():
        for number, item in enumerate(items):
            if scenario.until is not None and item.at > scenario.until:
                yield FieldProblem((name, number, "at"), "lies after `until`")
    if not scenario.events:
        yield FieldProblem(("events",), "must have at least one event, or nothing happens")


def _people(scenario: Scenario) -> Iterator[Changed]:
    """Each change as the whole person it makes; raises as validation does."""
    known = {user.id: user for user in scenario.users}
    for number, change in sorted(enumerate(scenario.directory), key=lambda item: item[1].at):
        path = ("directory", number, "user")
        id_ = change.user.get("id")
        before = known[id_].model_dump() if isinstance(id_, str) and id_ in known else {}
        try:
            user = User.model_validate({**before, **change.user})
        except ValidationError as error:
            problem = field_problems(error, *path)[0]
            raise _Refused(*problem.path, detail=problem.detail) from None
        known[user.id] = user
        if circular({one.id: one.manager_id for one in known.values() if one.manager_id}, user.id):
            raise _Refused(*path, "manager_id", detail="makes a circle: somebody would be their own manager")
        yield Changed(change.at, user, {name: value for name, value in change.user.items() if name != "id"})


def _words(problem: FieldProblem) -> str:
    path = [str(part) for part in problem.path]
    name = path[-1] if path else ""
    detail = problem.detail
    if detail == _UNKNOWN:
        if name in _HOMES:
            detail += f" here: it belongs to {_HOMES[name]}"
        elif close := get_close_matches(name, _KEYS, n=1):
            detail += f"; did you mean {close[0]}?"
    return f"{'.'.join(path)}: {detail}" if path else detail
