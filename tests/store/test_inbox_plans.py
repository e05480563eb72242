"""What an inbox costs is its own: no statement of list, count, search or sweep reads the table of all inboxes."""

import re
from datetime import timedelta

import pytest

from benchmarks.inbox_rows import COMMON, NOW, PREFIX, RARE, TENANT, TWO, USER, fill
from store import inbox, inbox_changes
from store.engine import Database
from tests.store.plans import plans

LISTED, UNREAD = "ix_notifications_tenant_user_id_created_at_id", "ix_notifications_unread"
WHOLE = re.compile(r"SCAN notifications\b|Seq Scan on notifications|SCAN inboxes|USE TEMP B-TREE")


@pytest.fixture
async def filled(database: Database) -> Database:
    """3,000 notifications, 500 of them the user's own, with statistics."""
    await fill(database, 3000)
    return database


async def test_list_count_search_and_sweep_read_by_their_indexes(filled: Database) -> None:
    """Each names the index that it is bounded by, in the order that is asked for; none scans."""
    before = (NOW, "x")
    asked = {
        LISTED: [
            lambda db: inbox.page(db, TENANT, USER),
            lambda db: inbox.page(db, TENANT, USER, before=before, category="appointments"),
            *(lambda db, q=q: inbox.page(db, TENANT, USER, q=q) for q in (RARE, COMMON, TWO, PREFIX)),
        ],
        UNREAD: [
            lambda db: inbox.page(db, TENANT, USER, status="unread", before=before),
            lambda db: inbox.unread(db, TENANT, [USER]),
        ],
        "ix_notifications_expiring": [lambda db: inbox_changes.is_due(db, NOW)],
        "ix_notifications_snoozed": [lambda db: inbox_changes.is_due(db, NOW)],
    }
    async with filled.read() as db:
        for index, calls in asked.items():
            for call in calls:
                [plan] = await plans(db, call)
                assert index in plan, plan
                assert not WHOLE.search(plan), plan


async def test_what_is_due_is_read_by_its_instant_and_changed_by_its_key(filled: Database) -> None:
    """However much is due: the first so many of each index of what time changes, and then these rows."""
    async with filled.write() as db:
        expiring, snoozed, *changes = await plans(
            db, lambda db: inbox_changes.end(db, NOW + timedelta(days=1000), limit=20)
        )
    assert "ix_notifications_expiring" in expiring and "ix_notifications_snoozed" in snoozed
    assert len(changes) > 4
    for plan in (expiring, snoozed, *changes):
        assert not re.search(r"SCAN notifications\b|Seq Scan on notifications", plan), plan
