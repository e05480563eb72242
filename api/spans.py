"""Spans of time in queries and filters: `from` and `to`, as instants or plain days of UTC; `to` is not in it."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from api.problems import Problem
from punctual.wire import Instant

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _whole_day(value: Any) -> Any:
    return f"{value}T00:00:00Z" if isinstance(value, str) and _DAY.fullmatch(value) else value


When = Annotated[Instant, BeforeValidator(_whole_day)]
"""An instant, or the day that begins with it."""


def span(
    since: datetime | None, until: datetime | None, now: datetime, *, usual: timedelta, most: timedelta
) -> tuple[datetime, datetime]:
    """Whole days of `usual` length up to the end of today, where nothing else is said.

    Raises Problem 422 for one that is empty, or longer than `most`.
    """
    end = until or datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    start = since or end - usual
    if start >= end:
        raise _wrong("from" if until is None else "to", "must leave something between from and to")
    if end - start > most:
        raise _wrong("from", f"must be at most {most.days} days before to")
    return start, end


def in_order(since: datetime | None, until: datetime | None) -> None:
    """Raises Problem 422 for a span that is empty."""
    if since is not None and until is not None and since >= until:
        raise _wrong("to", "must leave something between from and to")


def _wrong(field: str, detail: str) -> Problem:
    return Problem(
        422, "The span of time cannot be used.", errors=[{"in": "query", "field": field, "detail": detail}]
    )
