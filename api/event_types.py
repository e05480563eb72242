"""The catalogue as events meet it: their names, old ones too, and what single events must bring along."""

from collections.abc import Mapping
from typing import Any

import catalogue
from catalogue import Notice
from punctual.errors import FieldProblem
from punctual.people import is_nobody
from punctual.registry import is_single


class EventTypes:
    """Every type of event there is: those of entities, and all others of the catalogue."""

    def __init__(self, notices: Mapping[str, Notice]) -> None:
        self._notices = notices
        self._aliases = catalogue.aliases(notices)

    def today(self, name: str) -> str:
        """Today's name of a type."""
        return self._aliases.get(name, name)

    def exists(self, name: str) -> bool:
        """Whether there is such a type."""
        return name in self._notices

    def named(self, body: Any) -> Any:
        """An event under today's name of its type."""
        type_ = body.get("type") if isinstance(body, dict) else None
        return {**body, "type": self._aliases[type_]} if isinstance(type_, str) and type_ in self._aliases else body

    def problems(self, body: Any) -> list[FieldProblem]:
        """What the catalogue finds wrong with a single event; what its envelope lacks is for others to say."""
        type_ = body.get("type") if isinstance(body, dict) else None
        if not isinstance(type_, str) or not is_single(type_):
            return []
        notice = self._notices.get(type_)
        if notice is None:
            return [FieldProblem(("type",), "is not a known event type")]
        data = body.get("data")
        if not isinstance(data, dict):
            return []
        problems = notice.problems(data)
        if not problems and not data.get("recipients") and is_nobody(notice.audience(data), data):
            detail = "is required, for the event itself names nobody whom it concerns"
            problems.append(FieldProblem(("data", "recipients"), detail))
        return problems
