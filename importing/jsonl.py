"""Recorded events: one CloudEvent as JSON a line."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

import catalogue
from catalogue import Notice
from importing.report import Counts, Report
from punctual import events, urls
from punctual.errors import FieldProblem, InvalidEvent, UnsafeUrl
from punctual.events import Event
from punctual.protocol import Ref
from punctual.registry import is_single, kind_of
from store import entities
from store.engine import Database

LONGEST = 256 * 1024


class Lines:
    """Reads event lists: events of every entity kind, and single events of the types in `notices`."""

    def __init__(self, notices: Mapping[str, Notice], allowed_hosts: Collection[str]) -> None:
        self._notices = notices
        self._aliases = catalogue.aliases(notices)
        self._allowed_hosts = allowed_hosts

    def read(self, content: bytes, report: Report, now: datetime) -> Iterator[Event]:
        """The valid events in order; every other line goes to the report with its number. Blank lines are nothing."""
        for number, line in enumerate(content.split(b"\n"), 1):
            if not line.strip():
                continue
            try:
                yield self._event(_decoded(line), now)
            except InvalidEvent as error:
                report.refuse(number, "event", str(error))
            except (ValueError, RecursionError) as error:
                report.refuse(number, "event", _words(error))

    def _event(self, body: Any, now: datetime) -> Event:
        if isinstance(body, dict) and isinstance(body.get("type"), str):
            body = {**body, "type": self._aliases.get(body["type"], body["type"])}
        event = events.parse(body, now=now)
        if is_single(event.type):
            notice = self._notices.get(event.type)
            problems = (
                notice.problems(event.data) if notice else [FieldProblem(("type",), "is not a known event type")]
            )
            if problems:
                raise InvalidEvent(problems)
        try:
            urls.action_url(event.data.get("action_url") or "/", self._allowed_hosts)
        except UnsafeUrl as error:
            raise InvalidEvent([FieldProblem(("data", "action_url"), str(error))]) from None
        return event


async def news(recorded: Iterator[Event], tenant: str, database: Database, counts: Counts) -> list[list[Event]]:
    """The events that are new here, by what they are about and in order of time; each is counted."""
    batches: dict[Ref, list[Event]] = {}
    heard: set[tuple[Ref, str]] = set()
    for event in recorded:
        ref = Ref(tenant=tenant, kind=kind_of(event.type).name, id=event.about)
        async with database.read() as db:
            known = ref in batches or await entities.load(db, ref) is not None
            seen = (ref, event.key) in heard or await entities.entry(db, ref, event.key) is not None
        heard.add((ref, event.key))
        if seen:
            counts.unchanged += 1
            continue
        batches.setdefault(ref, []).append(event)
        counts.add("created" if not known else "cancelled" if event.type.endswith(".cancelled") else "moved")
    return [sorted(batch, key=lambda event: event.time) for batch in batches.values()]


def _decoded(line: bytes) -> Any:
    if len(line) > LONGEST:
        raise ValueError("is larger than 256 KiB")
    body = json.loads(line.decode(), object_pairs_hook=_distinct, parse_constant=_no_number)
    json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate cannot be stored, nor can NUL
    if b"\\u0000" in line:
        raise ValueError("holds a NUL character")
    return body


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("names a key twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"holds {name}, which is not JSON")


def _words(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at column {error.colno}"
    if isinstance(error, UnicodeError):
        return "is not UTF-8 text"
    return "is nested too deeply" if isinstance(error, RecursionError) else str(error)
