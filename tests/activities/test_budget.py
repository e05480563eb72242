"""A day's pushes: nobody gets more than the channel's budget, and whoever does not hears why."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from activities import travel
from catalogue import Notice
from punctual.channels import CHANNELS
from punctual.preferences import PLANNED
from punctual.protocol import Ref
from store import directory, ledger
from store.engine import Database
from store.ledger import Delivery
from tests.store.rows import NOW, delivery, note, ref
from tests.world import NOTICES, Recorder, user

BUDGET = CHANNELS["web_push"].daily or 0
PUSH = {"web_push": PLANNED}
DAY = timedelta(days=1)


async def _had(database: Database, count: int, at: datetime) -> None:
    """So many pushes that asha was sent at an instant."""
    rows = [
        delivery(f"p{n}", channel="web_push", step_key=f"s{n}", outcome="sent", at=at, created_at=at)
        for n in range(count)
    ]  # fmt: skip
    async with database.write() as db:
        await directory.put(db, "acme", [user("asha"), user("ben")])
        await ledger.add(db, ref(), rows)


async def _told(database: Database, notice: Notice) -> dict[str, Delivery]:
    """The rows of one more push to asha and to ben, by user."""
    people = [user("asha"), user("ben")]
    written = note(type=notice.type, category=notice.about.category, priority=notice.about.priority)
    notes = [replace(written, id=f"n-{person.id}", user_id=person.id) for person in people]
    whose = Ref(tenant="acme", kind="appointment", id="43")
    async with database.write() as db:
        chosen = {person.id: PUSH for person in people}
        channels = {"web_push": Recorder("web_push")}
        rows = await travel.deliveries(db, whose, channels, notice, people, notes, chosen, NOW)
    return {row.user_id: row for row in rows}


async def test_beyond_a_days_budget_a_push_is_withheld_and_says_why(database: Database) -> None:
    """The one that has had enough; not the other."""
    await _had(database, BUDGET, NOW - DAY / 2)
    told = await _told(database, NOTICES["appointment.reminder"])
    assert [(told[who].outcome, told[who].reason) for who in ("asha", "ben")] == [
        ("withheld", "budget"),
        ("planned", None),
    ]


@pytest.mark.parametrize(
    ("count", "ago", "type_"),
    [
        (BUDGET - 1, DAY / 2, "appointment.reminder"),
        (BUDGET, DAY, "appointment.reminder"),
        (BUDGET, DAY / 2, "follow_up.overdue"),
        (BUDGET, DAY / 2, "security.password_changed"),
    ],
    ids=["one is left", "a day has passed", "urgent", "mandatory"],
)
async def test_what_is_within_the_budget_or_above_it_goes(
    sqlite: Database, count: int, ago: timedelta, type_: str
) -> None:
    """Fewer, or long ago; and what is urgent or mandatory has none."""
    await _had(sqlite, count, NOW - ago)
    assert (await _told(sqlite, NOTICES[type_]))["asha"].outcome == "planned"
