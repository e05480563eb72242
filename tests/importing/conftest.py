"""A store that imports can be tried against, and events applied to it the way the `plan` activity does."""

import dataclasses
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from importing.report import Report
from importing.run import Options, import_file
from punctual import hearing, planning
from punctual.events import Event
from punctual.kind import Scene
from punctual.lifecycle import Record
from punctual.protocol import Heard, Ref
from punctual.registry import kind_of
from punctual.working_time import working_time
from store import entities
from store.engine import Database
from store.entities import Entity
from tests.world import NOTICES

TENANT = "acme"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def calendar(*components: str) -> str:
    """A calendar of VEVENTs, each given as its lines; what says `BEGIN:VTODO` itself is taken as it is."""
    body = "".join(
        component if component.startswith("BEGIN:") else f"BEGIN:VEVENT\n{component.strip()}\nEND:VEVENT\n"
        for component in components
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{body}END:VCALENDAR\n"


def todo(*lines: str) -> str:
    """A VTODO of these lines, for `calendar`."""
    return "\n".join(("BEGIN:VTODO", *lines, "END:VTODO", ""))


class Crm:
    """Imports into a real database; what is sent is applied at once, and kept in `sent`."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.now = NOW
        self.sent: list[Event] = []
        self.report = Report()

    async def imports(self, file: Path | str, name: str = "file.ics", **options: Any) -> dict[str, int]:
        """The counts of importing a file, or a text as one; counts of zero are left out."""
        path = file if isinstance(file, Path) else self.folder / name
        if isinstance(file, str):
            path.write_text(file, "utf-8")
        self.sent, self.report = [], Report()
        resources: Any = SimpleNamespace(
            database=self.database, settings=SimpleNamespace(action_url_hosts=[]), notices=NOTICES
        )
        chosen = dataclasses.replace(Options(path, TENANT, assignee="asha"), **options)
        counts = await import_file(chosen, resources, self.report, clock=lambda: self.now, send=self.hear)
        return +Counter(counts.as_dict())

    async def hear(self, event: Event) -> None:
        kind = kind_of(event.type)
        ref = Ref(tenant=TENANT, kind=kind.name, id=event.about)
        self.sent.append(event)
        async with self.database.write() as db:
            entity = await entities.load(db, ref, lock=True)
            known = {entry.step.key: entry for entry in await entities.entries(db, ref)}
            heard = [Heard(event=event, at=event.punctualaccepted or self.now)]
            plan = hearing.fold(kind, entity.record if entity else Record(), known, heard, [], self.now)
            scene = Scene(kind.default_policy, "UTC", working_time(kind.default_policy.calendar, "UTC"))
            plan = planning.complete(kind, plan, scene, self.now)
            await entities.add_entries(db, ref, [plan.entries[key] for key in dict.fromkeys(plan.added)], self.now)
            for key in set(plan.changed) - set(plan.added):
                await entities.change(db, ref, plan.entries[key], self.now)
            await entities.save(
                db, ref, plan.record, state=plan.stage, due_at=None, next_step_at=None, now=self.now
            )  # fmt: skip

    async def entity(self, id_: str, kind: str = "appointment") -> Entity | None:
        async with self.database.read() as db:
            return await entities.load(db, Ref(tenant=TENANT, kind=kind, id=id_))

    async def snapshot(self, id_: str, kind: str = "appointment") -> dict[str, Any]:
        entity = await self.entity(id_, kind)
        assert entity is not None and entity.snapshot is not None
        return entity.snapshot

    async def state(self, id_: str, kind: str = "follow_up") -> str | None:
        """None where there is no such entity."""
        entity = await self.entity(id_, kind)
        return entity.state if entity else None

    async def outcomes(self, id_: str, kind: str = "appointment") -> list[tuple[str, str, str | None]]:
        """(type, outcome, reason) of each of its steps."""
        async with self.database.read() as db:
            told = await entities.entries(db, Ref(tenant=TENANT, kind=kind, id=id_))
        return [(entry.step.type, entry.outcome, entry.reason) for entry in told]

    @property
    def starts(self) -> list[str]:
        """The starts that were sent, in order."""
        return sorted(event.data["starts_at"] for event in self.sent)

    @property
    def types(self) -> list[tuple[str, str]]:
        """The type and the entity's id of each event that was sent, in order of the ids."""
        return sorted(((event.type, event.about) for event in self.sent), key=lambda pair: pair[1])

    @property
    def refusals(self) -> list[tuple[int, str]]:
        return [(finding.line, finding.text) for finding in self.report.refused]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker of these tests has written everything down by the time it is asked, or never will."""
    monkeypatch.setattr("importing.heard.PATIENCE", 0.0)


@pytest.fixture
def crm(sqlite: Database, tmp_path: Path) -> Crm:
    return Crm(sqlite, tmp_path)


def single(uid: str = "x", day: str = "20260310", *more: str) -> str:
    """One appointment from nine to ten, UTC."""
    return "\n".join((f"UID:{uid}", f"DTSTART:{day}T090000Z", f"DTEND:{day}T100000Z", *more))
