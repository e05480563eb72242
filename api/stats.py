"""How deliveries fare: `/v1/admin/stats`."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from api.answers import documented
from api.bodies import StrictRoute
from api.deps import Admin, Ours, iso, now
from api.spans import When, span
from punctual.wire import Strict
from store import reports
from store.reports import Count

router = APIRouter(prefix="/v1/admin/stats", route_class=StrictRoute, tags=["admin"])

USUAL, MOST = timedelta(days=7), timedelta(days=92)


class Figures(Strict):
    """How many deliveries came so far, and how many stand where.

    `sent` are all that their channel has accepted, those among them that were `delivered`, `opened` and `clicked`
    included, and so on for each; who opened it has it. What was accepted and came back later is `sent` and `failed`.
    """

    planned: int = 0
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    failed: int = 0
    unknown: int = 0
    withheld: int = 0
    deferred: int = 0
    expired: int = 0
    superseded: int = 0


class Line(Figures):
    """One type by one channel on one day of UTC, that of its notifications."""

    day: str
    type: str | None
    channel: str


class Totals(Figures):
    """All lines together."""

    withheld_reasons: dict[str, int] = {}


class Stats(Strict):
    """The deliveries of all notifications made from `from` on and before `to`."""

    since: Annotated[str, Field(alias="from")]
    to: str
    items: list[Line]
    totals: Totals


@router.get("", **documented(Stats))
async def get_stats(
    who: Admin,
    ours: Ours,
    since: Annotated[When | None, Query(alias="from")] = None,
    until: Annotated[When | None, Query(alias="to")] = None,
) -> dict[str, Any]:
    """By day, type and channel; the last seven days, today included, unless it is said otherwise; at most 92 days."""
    start, end = span(since, until, now(), usual=USUAL, most=MOST)
    async with ours.database.read() as db:
        counts = await reports.counts(db, who.tenant, start, end)
    return _shown(counts, start, end)


def _shown(counts: Iterable[Count], start: datetime, end: datetime) -> dict[str, Any]:
    totals: Counter[str] = Counter(dict.fromkeys(Figures.model_fields, 0))
    reasons: Counter[str] = Counter()
    items = []
    for count in counts:
        figures = Counter({**dict.fromkeys(Figures.model_fields, 0), **count.reached})
        for (outcome, reason), number in count.resting.items():
            figures[outcome] += number
            if reason is not None:
                reasons[reason] += number
        totals.update(figures)
        items.append({"day": count.day, "type": count.type, "channel": count.channel, **figures})
    return {
        "from": iso(start),
        "to": iso(end),
        "items": items,
        "totals": {**totals, "withheld_reasons": dict(reasons.most_common())},
    }
