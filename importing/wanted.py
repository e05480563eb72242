"""Entities as a file wants them to be, and what the components of every kind have in common on the way there."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from importing.components import Source
from importing.texts import base_id, customer, shown_uid, text
from importing.zones import Moment, Zone, Zones, shifted
from punctual import urls
from punctual.errors import UnsafeUrl
from punctual.wire import stamp

Status = Literal["open", "lapsed", "completed", "cancelled"]
"""`lapsed`: an instance of a series that a later past one has taken over from, and of which nothing else is said."""


@dataclass(frozen=True)
class Wanted:
    """An entity as the file has it: its kind, the `data` of its event, and the component it comes from."""

    line: int
    component: str
    kind: str
    data: dict[str, Any]
    status: Status = "open"

    @property
    def key(self) -> tuple[str, str]:
        """Kind and id: an appointment and a follow-up may have the same id."""
        return self.kind, str(self.data["id"])

    @property
    def uid(self) -> tuple[str, str]:
        """Kind and UID, which the instances of a series share."""
        return self.kind, str(self.data["metadata"]["ical_uid"])


@dataclass(frozen=True)
class Setting:
    """What else an entity depends on: `name` is the file's, for --sync; `shift` moves wall times by whole days."""

    name: str
    zones: Zones
    now: datetime
    shift: timedelta
    allowed_hosts: Collection[str]


class Form(ABC):
    """How one component comes to entities of one kind; raises Refused where it makes no sense."""

    kind: ClassVar[str]
    untitled: ClassVar[str]

    def __init__(self, item: Source, setting: Setting) -> None:
        self._item = item
        self._setting = setting

    @abstractmethod
    def write(self, at: Moment, original: datetime | None = None, length: timedelta | None = None) -> Wanted:
        """The entity that starts `at`; `original` is the instant of an instance of a series, `length` its own."""

    def series(self, instances: Sequence[Wanted]) -> Sequence[Wanted]:
        """All instances of a series, in order, each seen in the light of the others."""
        return instances

    def _wanted(
        self, zone: Zone, original: datetime | None, metadata: dict[str, Any], status: Status, **data: Any
    ) -> Wanted:
        """`data` with what every kind has; what is None is left out."""
        item, component = self._item, self._item.component
        id_ = base_id(item.uid)
        metadata = {"ical_uid": shown_uid(item.uid), "import": self._setting.name, **metadata}
        if original is not None:
            id_ = f"{id_}~{stamp(original)}"
            metadata["recurrence_id"] = stamp(original)
        whole = {
            "id": id_,
            "title": text(component.get("SUMMARY"), 300) or self.untitled,
            "customer_name": customer(component),
            "timezone": zone.name,
            "assignee_ids": item.assignees,
            "action_url": self._url(),
            "metadata": metadata,
            **data,
        }
        present = {name: value for name, value in whole.items() if value is not None}
        return Wanted(item.line, item.name, self.kind, present, status)

    def _shifted(self, instant: datetime, zone: Zone) -> datetime:
        return shifted(instant, zone, self._setting.shift)

    def _url(self) -> str | None:
        try:
            return urls.action_url(text(self._item.component.get("URL"), 2001), self._setting.allowed_hosts)
        except UnsafeUrl:
            return None
