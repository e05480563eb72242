"""Reports of the ledger: what is counted, in which order it is listed, and by which index both are read."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from punctual.protocol import Ref
from store import backfill, entities, inbox, ledger, receipts, reports
from store.engine import Database
from store.reports import Filter
from store.tables import deliveries
from tests.store.plans import plans
from tests.store.rows import MINUTE, NOW, delivery, entry, note, ref

DAY = timedelta(days=1)
INDEX = "ix_deliveries_tenant_created_at_id"
WHOLE = re.compile(r"SCAN deliveries\b|Seq Scan on deliveries")
NIGHT = Ref(tenant="acme", kind="quiet_hours", id="asha")
MAIL = {"type": "appointment.reminder", "priority": "high"}


def mail(id_: str, **changes: Any) -> ledger.Delivery:
    return delivery(id_, step_key=id_, **{**MAIL, **changes})


async def test_counts_are_a_funnel_and_say_what_stands_where(database: Database) -> None:
    """Who clicked has it, opened it and was sent it; a mail that came back was sent and has failed."""
    async with database.write() as db:
        await ledger.add(db, ref(), [mail(id_, outcome="sent") for id_ in ("clicked", "opened", "bounced", "sent")])
        await ledger.add(
            db, ref(), [mail("pushed", channel="web_push", outcome="withheld", reason="no_subscription")]
        )
        await ledger.add(db, ref(), [mail("old", outcome="sent", at=NOW - DAY), mail("late", at=NOW + DAY)])
        await ledger.add(db, ref(tenant="other"), [mail("theirs", outcome="sent")])
        await receipts.heard(db, "acme", "clicked", "clicked", NOW)
        await receipts.heard(db, "acme", "opened", "opened", NOW)
        await receipts.refused(db, "acme", "bounced", "550", NOW)
        found = await reports.counts(db, "acme", NOW - DAY, NOW + DAY)
    shown = {(count.day, count.channel): (count.reached, count.resting) for count in found}
    nothing = {"sent": 0, "delivered": 0, "opened": 0, "clicked": 0}
    assert shown == {
        ("2026-11-19", "email"): ({**nothing, "sent": 1}, {}),
        ("2026-11-20", "email"): (
            {"sent": 4, "delivered": 2, "opened": 2, "clicked": 1}, {("failed", None): 1},
        ),
        ("2026-11-20", "web_push"): (nothing, {("withheld", "no_subscription"): 1}),
    }  # fmt: skip


async def test_what_quiet_hours_held_back_counts_once(database: Database) -> None:
    """What passes on one thing is that thing's own delivery; a summary is a notification of its own."""
    summary = mail("summary", type="quiet_hours.summary", outcome="sent")
    async with database.write() as db:
        await ledger.add(db, ref(), [mail("one", outcome="sent")])
        await ledger.add(db, NIGHT, [mail("passes-on", outcome="sent"), summary])
        counts = await reports.counts(db, "acme", NOW, NOW + DAY)
        listed = await reports.page(db, "acme", Filter())
    assert {count.type: count.reached["sent"] for count in counts} == {
        "appointment.reminder": 1, "quiet_hours.summary": 1,
    }  # fmt: skip
    assert [row.id for row in listed] == ["summary", "one"]


async def test_a_page_goes_on_where_the_one_above_ended(database: Database) -> None:
    """The newest first, also among those of one instant; each filter leaves what it names."""
    rows = [
        mail(f"d{number}", at=NOW + number // 2 * MINUTE, outcome="failed", reason="timeout") for number in range(5)
    ]
    async with database.write() as db:
        await ledger.add(db, ref(), rows)
        await ledger.add(db, ref("43"), [mail("other", user_id="ben", channel="web_push", priority="low")])
        ids, before = [], None
        while page := await reports.page(db, "acme", Filter(channel="email"), before=before, limit=2):
            ids += [row.id for row in page]
            before = (page[-1].created_at, page[-1].id)
        assert ids == ["d4", "d3", "d2", "d1", "d0"]
        for wanted in (
            Filter(outcomes=("planned",)), Filter(channel="web_push"), Filter(priority="low"), Filter(user_id="ben"),
            Filter(kind="appointment", entity_id="43"),
        ):  # fmt: skip
            assert [row.id for row in await reports.page(db, "acme", wanted)] == ["other"]
        span = Filter(since=NOW + MINUTE, until=NOW + 2 * MINUTE)
        assert [row.id for row in await reports.page(db, "acme", span)] == ["d3", "d2"]


async def test_a_notification_s_story_has_every_channel_once(database: Database) -> None:
    """Also those it was kept from, and without what only passed it on."""
    rows = [delivery(name, channel=name, **MAIL) for name in ("email", "web_push", "inbox")]
    async with database.write() as db:
        await ledger.add(db, ref(), [*rows, delivery("bens", user_id="ben")])
        await ledger.add(db, NIGHT, [delivery("passes-on")])
        story = await reports.story(db, "acme", note())
    assert [row.channel for row in story] == ["inbox", "web_push", "email"]


async def test_reports_are_read_by_their_index(database: Database) -> None:
    """What a tenant's reports cost is bounded by the span, not by the table."""
    start = NOW - 40 * DAY
    values = [
        {
            "tenant": f"t{number % 10}", "id": f"d{number}", "user_id": "asha", "channel": "email", "kind": "task",
            "entity_id": str(number), "step_key": "k", "outcome": "sent", "attempts": 0, "progress": {},
            "at": start, "created_at": start + number * MINUTE, "type": "task.updated",
        }
        for number in range(4000)
    ]  # fmt: skip
    async with database.write() as db:
        for part in range(0, len(values), 500):
            await db.execute(insert(deliveries), values[part : part + 500])
        await db.execute(text("ANALYZE"))
        asked = [
            lambda db: reports.counts(db, "t1", NOW - 38 * DAY, NOW - 37 * DAY),
            lambda db: reports.page(db, "t1", Filter(), before=(NOW, "x")),
            lambda db: reports.page(db, "t1", Filter(outcomes=("failed",), since=NOW - 38 * DAY)),
        ]
        for call in asked:
            [plan] = await plans(db, call)
            assert INDEX in plan, plan
            assert not WHOLE.search(plan), plan


async def test_old_rows_are_in_reports_once_their_origin_is_filled_in(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their notification, else by their step; in any number of runs, and what is there stays as it is."""
    monkeypatch.setattr(backfill, "WINDOW", 2)
    monkeypatch.setattr(backfill, "AT_ONCE", 1)
    later = NOW + 60 * MINUTE
    refused = delivery("refused", channel="inbox", notification_id=None, outcome="withheld", reason="inactive")
    old = [delivery("sent", outcome="sent", at=later), refused, delivery("push", channel="web_push", at=later)]
    async with database.write() as db:
        await inbox.add(db, "acme", [note()])
        await entities.add_entries(db, ref(), [entry()], NOW)
        await ledger.add(db, ref(), old)
        await db.execute(update(deliveries).values(created_at=None, sent_at=None, type=None, priority=None))
        await ledger.add(db, ref(), [mail("new", at=later)])
        assert [row.id for row in await reports.page(db, "acme", Filter())] == ["new"]
    assert await backfill.origins(database) == 3
    assert await backfill.origins(database) == 0
    async with database.read() as db:
        found = await reports.page(db, "acme", Filter())
    assert {row.id: (row.created_at, row.sent_at, row.type, row.priority) for row in found} == {
        "sent": (NOW, later, "appointment.reminder", "high"),
        "push": (NOW, None, "appointment.reminder", "high"),
        "refused": (NOW, None, "appointment.reminder", None),
        "new": (later, None, "appointment.reminder", "high"),
    }
