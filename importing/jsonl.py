"""Recorded events: one CloudEvent as JSON a line."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from importing.report import Report
from punctual import events
from punctual.errors import InvalidEvent
from punctual.events import Event

LONGEST = 256 * 1024


def read(content: bytes, report: Report, now: datetime) -> Iterator[Event]:
    """The valid events in order; every other line goes to the report with its number. Blank lines are nothing."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield events.parse(_decoded(line), now=now)
        except InvalidEvent as error:
            report.refuse(number, "event", str(error))
        except (ValueError, RecursionError) as error:
            report.refuse(number, "event", _words(error))


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
