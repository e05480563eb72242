"""Whose digest is due, what it is made of, and what is still to be sent; what it costs is the user's own affair."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from punctual.digests import Digest
from punctual.escalation import Acknowledgement, Care
from punctual.lifecycle import Applied, Record
from punctual.preferences import Preferences
from punctual.protocol import DIGEST, Ref
from punctual.timeline import Entry, Step
from store import digests, directory, entities, figures, held, inbox, ledger, preferences, waiting
from store.engine import Connection, Database
from store.figures import Figures, Open, Past
from tests.store.rows import NOW, delivery, note
from tests.world import user

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0)
TODAY = (MIDNIGHT, MIDNIGHT + DAY)
WEEK_AGO = NOW - 7 * DAY
NOBODY_S = "ben"


# A walk through a table, or through all of a tenant; not through what is a person's own, or is to be sent.
WIDE = re.compile(
    r"Seq Scan"
    r"|^SCAN (?!own$|said$|CONSTANT ROW|\d-ROW VALUES|\(subquery|deliveries USING INDEX ix_deliveries_digests)"
    r"|^SEARCH .*\((?!.*(user_id|id|carried_by)=)(?!.*digest_at)"
)


def _mark(moment: datetime, type_: str) -> Any:
    return (moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), type_.split(".")[1] in CLOSING, "e1", "crm")


CLOSING = ("completed", "cancelled", "missed", "resolved", "closed")


async def _entity(
    db: Connection, kind: str, id_: str, *, due: datetime | None = None, state: str = "open", by: str = "updated",
    at: datetime = NOW, who: str = "asha", care: Care | None = None, **snapshot: Any,
) -> Ref:  # fmt: skip
    """An entity of asha's, whose last event was `by`, at `at`."""
    ref, type_ = Ref(tenant="acme", kind=kind, id=id_), f"{kind}.{by}"
    applied = Applied(mark=_mark(at, type_), type=type_, snapshot={"title": id_, "assignee_ids": [who], **snapshot})
    record = Record(latest=applied, closing=applied if by in CLOSING else None)
    await entities.save(db, ref, record, state=state, due_at=due, next_step_at=None, now=at, care=care)
    await entities.assign(db, ref, [who])
    return ref


async def _told(db: Connection, ref: Ref, at: datetime, *, stage: Any = "overdue", key: str = "late") -> None:
    """Asha was told that it is late."""
    step = Step(key=key, type=f"{ref.kind}.overdue", stage=stage, due_at=at)
    await entities.add_entries(db, ref, [Entry(step, "sent")], at)
    row = {"kind": ref.kind, "entity_id": ref.id, "step_key": key, "created_at": at, "read_at": at}
    await inbox.add(db, ref.tenant, [note(f"{ref.id}-{key}", **row)])


async def _figures(db: Connection) -> Figures:
    return await figures.figures(db, "acme", "asha", TODAY, NOW)


async def _past(db: Connection) -> Past:
    return await figures.past(db, "acme", "asha", WEEK_AGO, NOW)


async def test_what_is_unread_is_counted_by_category(database: Database) -> None:
    """As the inbox counts it, but for digests themselves."""
    rows = {
        "a": {"category": "leads"}, "b": {"category": "leads"}, "c": {"category": "tickets"},
        "d": {"category": "digests"}, "e": {"category": "tasks", "read_at": NOW},
        "f": {"category": "tasks", "archived_at": NOW}, "g": {"category": "tasks", "snoozed_until": NOW},
        "h": {"category": "tasks", "listed": False}, "i": {"category": "tasks", "user_id": "ben"},
    }  # fmt: skip
    async with database.write() as db:
        assert not await _figures(db)
        await inbox.add(db, "acme", [note(id_, step_key=id_, **changes) for id_, changes in rows.items()])
        assert await _figures(db) == Figures(unread={"leads": 2, "tickets": 1})


async def test_today_s_appointments_are_those_between_two_midnights_that_are_not_cancelled(
    database: Database,
) -> None:
    """In their order, ten of them with their titles; others' are not among them."""
    async with database.write() as db:
        for name, moment in {"first": MIDNIGHT, "last": MIDNIGHT + DAY - timedelta(seconds=1)}.items():
            await _entity(db, "appointment", name, due=moment)
        await _entity(db, "appointment", "yesterday", due=MIDNIGHT - timedelta(seconds=1), state="overdue")
        await _entity(db, "appointment", "tomorrow", due=MIDNIGHT + DAY)
        await _entity(db, "appointment", "gone", due=NOW, state="closed", by="cancelled")
        await _entity(db, "appointment", "held", due=NOW, state="closed", by="completed")
        await _entity(db, "appointment", "ben-s", due=NOW, who="ben")
        found = await _figures(db)
        assert [title for _, title in found.appointments] == ["first", "held", "last"]
        assert (found.appointments_today, found.appointments[0][0]) == (3, MIDNIGHT)
        for number in range(10):
            await _entity(db, "appointment", f"more-{number}", due=NOW)
        found = await _figures(db)
        assert (found.appointments_today, len(found.appointments)) == (13, 10)


async def test_what_is_open_is_due_today_or_overdue(database: Database) -> None:
    """By its deadline, whether that was told or not; what was acknowledged is no less overdue."""
    async with database.write() as db:
        await _entity(db, "follow_up", "today", due=NOW + HOUR)
        await _entity(db, "follow_up", "tomorrow", due=MIDNIGHT + DAY)
        await _entity(db, "follow_up", "just-missed", due=NOW)
        await _entity(db, "follow_up", "taken", due=NOW - DAY, state="acknowledged")
        await _entity(db, "follow_up", "done", due=NOW - DAY, state="closed", by="completed")
        await _entity(db, "follow_up", "ben-s", due=NOW - DAY, state="overdue", who="ben")
        await _entity(db, "task", "some-day")
        await _entity(db, "task", "late", due=NOW - HOUR, state="escalated")
        assert await _figures(db) == Figures(open={"follow_up": Open(1, 2), "task": Open(0, 1)})


async def test_a_ticket_is_due_when_the_next_of_its_deadlines_is(database: Database) -> None:
    """The first answer or the resolution, as planned; while its clock stands nothing is."""
    async with database.write() as db:
        for id_, deadlines in {"both": (2, 30), "resolution": (30, 3), "waits": (), "far": (30, 40)}.items():
            ref = await _entity(db, "ticket", id_, due=NOW + HOUR)
            steps = [
                Step(key=str(hours), type="ticket.overdue", stage="overdue", due_at=NOW, deadline=NOW + hours * HOUR)
                for hours in deadlines
            ]
            await entities.add_entries(db, ref, [Entry(step) for step in steps], NOW)
        assert await _figures(db) == Figures(open={"ticket": Open(2, 0)})


async def test_what_was_done_in_the_week_was_not_cancelled(database: Database) -> None:
    """Completed, resolved or closed since then, whoever did it; later news of it makes it no newer."""
    async with database.write() as db:
        await _entity(db, "task", "done", state="closed", by="completed", at=WEEK_AGO)
        await _entity(db, "ticket", "solved", state="closed", by="resolved", at=NOW)
        await _entity(db, "appointment", "missed", state="closed", by="missed", at=NOW)
        await _entity(db, "follow_up", "cancelled", state="closed", by="cancelled", at=NOW)
        await _entity(db, "task", "ben-s", state="closed", by="completed", at=NOW, who="ben")
        await _entity(db, "task", "long-ago", state="closed", by="completed", at=WEEK_AGO - HOUR)
        await _entity(db, "task", "again", state="open", by="completed", at=NOW)
        assert await _past(db) == Past(done=2)


async def test_what_was_late_is_what_its_user_was_told(database: Database) -> None:
    """Each entity once; a manager's copy is not the manager's own, and what was told before is of another week."""
    async with database.write() as db:
        for id_, at in {"a": NOW - HOUR, "b": WEEK_AGO, "before": WEEK_AGO - HOUR}.items():
            await _told(db, await _entity(db, "task", id_), at)
        await _told(db, Ref(tenant="acme", kind="task", id="a"), NOW, key="late-again")
        await _told(db, await _entity(db, "task", "copy", who="ben"), NOW)
        assert await _past(db) == Past(late=2)


def _act(by: str, at: datetime) -> Acknowledgement:
    return Acknowledgement(id=f"{by}-{at}", by=by, at=at)


async def test_the_time_to_answer_runs_from_the_first_alarm_to_one_s_own_acknowledgement(database: Database) -> None:
    """Of levels told to a manager as well; of each round of a chain; not where somebody else answered."""
    begun = NOW - 10 * HOUR
    acts = [_act("asha", begun + HOUR), _act("ben", begun + 3 * HOUR), _act("asha", begun + 9 * HOUR)]
    async with database.write() as db:
        ref = await _entity(db, "task", "mine", care=Care(acknowledgements=acts))
        for number, hours in enumerate((0, 0.5, 2, 4, 5)):
            await _told(db, ref, begun + hours * HOUR, key=f"late-{number}")
        assert (await _past(db)).median_answer_minutes == (60 + 300) / 2
        level = await _entity(db, "task", "theirs", who="ben", care=Care(acknowledgements=[_act("asha", NOW)]))
        await _told(db, level, NOW - 2 * HOUR, stage="escalation")
        assert await _past(db) == Past(late=1, median_answer_minutes=120)
        other = await _entity(db, "task", "other", care=Care(acknowledgements=[_act("ben", NOW)]))
        await _told(db, other, NOW - HOUR)
        assert await _past(db) == Past(late=2, median_answer_minutes=120)


@pytest.mark.parametrize(
    ("authors", "minutes"),
    [
        (["lena", "asha", "ben"], 120),
        (["asha", "lena", "asha"], 60),
        (["lena", "ben", "asha"], None),
        (["lena"], None),
    ],
)
async def test_a_ticket_s_first_answer_counts_for_who_gave_it(
    authors: list[str], minutes: int | None, database: Database
) -> None:
    """From its opening, not to what its requester wrote, and not where somebody else was first."""
    opened = NOW - 5 * HOUR
    about = {"opened_at": opened.isoformat(), "requester_id": "lena"}
    async with database.write() as db:
        ref = await _entity(db, "ticket", "7", **about)
        said = [
            Entry(
                Step(key=f"event-{hours}", type="ticket.message", stage="notice", due_at=NOW), "sent",
                data={"mark": _mark(opened + hours * HOUR, "ticket.message"), "message": {"author_id": author}},
            )
            for hours, author in enumerate(authors, 1)
        ]  # fmt: skip
        await entities.add_entries(db, ref, said, NOW)
        assert await _past(db) == Past(median_answer_minutes=minutes)


async def test_of_a_ticket_the_first_messages_count(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, and in whatever order they were written; of tickets, those that changed last."""
    monkeypatch.setattr(figures, "MOST_MESSAGES", 2)
    monkeypatch.setattr(figures, "MOST_TICKETS", 1)
    opened = NOW - 5 * HOUR
    async with database.write() as db:
        for id_, at, authors in (("1", NOW, "lena asha ben"), ("0", NOW - HOUR, "asha lena lena")):
            ref = await _entity(db, "ticket", id_, at=at, opened_at=opened.isoformat(), requester_id="lena")
            said = [
                Entry(
                    Step(key=f"event-{9 - hours}", type="ticket.message", stage="notice", due_at=NOW), "sent",
                    data={"mark": _mark(opened + hours * HOUR, "ticket.message"), "message": {"author_id": author}},
                )
                for hours, author in enumerate(authors.split(), 1)
            ]  # fmt: skip
            await entities.add_entries(db, ref, said, NOW)
        assert await _past(db) == Past(median_answer_minutes=120)
        monkeypatch.setattr(figures, "MOST_MESSAGES", 1)
        assert await _past(db) == Past()


async def _wants(db: Connection, tenant: str, user_id: str, digest_at: datetime | None) -> None:
    daily = Preferences(digest=Digest(frequency="daily"))
    await preferences.put(db, tenant, user_id, daily, digest_at=digest_at, now=NOW)


async def test_who_has_waited_longest_comes_first_page_by_page(database: Database) -> None:
    """Of all tenants together; who is due later, or has chosen none, is not there."""
    due = [(NOW - DAY, "b", "asha"), (NOW, "a", "asha"), (NOW, "a", "ben"), (NOW, "b", "ben")]
    async with database.write() as db:
        for moment, tenant, user_id in reversed(due):
            await _wants(db, tenant, user_id, moment)
        await _wants(db, "a", "later", NOW + HOUR)
        await _wants(db, "a", "never", None)
        assert await digests.due(db, NOW) == due
        first = await digests.due(db, NOW, limit=3)
        assert first + await digests.due(db, NOW, after=first[-1], limit=3) == due


async def test_a_digest_follows_its_user_to_another_zone(database: Database) -> None:
    """Unless it is due right now; who wants none still has none."""
    async with database.write() as db:
        await _wants(db, "acme", "asha", NOW + 23 * HOUR)
        await _wants(db, "acme", "due", NOW)
        await preferences.put(db, "acme", "off", Preferences(), digest_at=None, now=NOW)
        zones = dict.fromkeys(("asha", "due", "off", "unheard-of"), "Asia/Kolkata")
        await preferences.follow_zones(db, "acme", zones, NOW)
        found = {id_: (await preferences.load(db, "acme", id_)).digest_at for id_ in zones}
        assert found == {"asha": NOW + 17.5 * HOUR, "due": NOW, "off": None, "unheard-of": None}


def _ref(tenant: str = "acme", id_: str = "weekly") -> Ref:
    return Ref(tenant=tenant, kind=DIGEST, id=id_)


async def test_what_is_still_to_be_sent_is_named_once(database: Database) -> None:
    """By tenant, frequency, day and channel, of all tenants, or only what was written since."""
    async with database.write() as db:
        for number, who in enumerate(("asha", "ben")):
            row = delivery(f"d{number}", user_id=who, step_key="2026-11-16", at=NOW - HOUR)
            await ledger.add(db, _ref(), [row])
        await ledger.add(db, _ref("other", "daily"), [delivery(step_key="2026-11-20")])
        await ledger.add(db, _ref(), [delivery("done", step_key="2026-11-09", outcome="sent")])
        await ledger.add(db, Ref(tenant="acme", kind="task", id="1"), [delivery("no-digest")])
        new = (_ref("other", "daily"), "2026-11-20", "email")
        assert await digests.open_sends(db) == [(_ref(), "2026-11-16", "email"), new]
        assert await digests.open_sends(db, since=NOW) == [new]


async def test_what_could_not_be_sent_for_long_is_given_up_with_all_that_it_brings(database: Database) -> None:
    """It has failed; what a provider may have is unknown; what is new, or being asked for, stays."""
    rows = {
        "old": {"at": NOW - DAY}, "asked": {"at": NOW - DAY, "lease_until": NOW - HOUR},
        "asking": {"at": NOW - DAY, "lease_until": NOW + HOUR}, "new": {"at": NOW - HOUR},
    }  # fmt: skip
    task = Ref(tenant="acme", kind="task", id="1")
    async with database.write() as db:
        for id_, values in rows.items():
            await ledger.add(db, _ref(), [delivery(id_, user_id=id_, step_key="2026-11-16", **values)])
        waits = {"outcome": "deferred", "reason": "digest", "due_at": NOW}
        await ledger.add(db, task, [delivery(f"by-{id_}", user_id=id_, **waits) for id_ in rows])
        for id_ in rows:
            await waiting.carry(db, "acme", [f"by-{id_}"], id_)
        found = [await digests.give_up(db, "email", NOW - 2 * HOUR, NOW, limit=1) for _ in range(3)]
        assert found == [1, 1, 0]
        found = {
            row.id: (row.outcome, row.reason) for ref in (_ref(), task) for row in await ledger.of_entity(db, ref)
        }
    assert found == {
        "old": ("failed", "timeout"), "by-old": ("failed", "timeout"),
        "asked": ("unknown", "ambiguous"), "by-asked": ("unknown", "ambiguous"),
        "asking": ("planned", None), "by-asking": ("deferred", "digest"),
        "new": ("planned", None), "by-new": ("deferred", "digest"),
    }  # fmt: skip


async def test_no_query_of_a_digest_reads_a_whole_table(database: Database) -> None:
    """Each has its index, on both databases; and SQLite, which knows nothing of its rows, finds it."""
    asked: list[tuple[str, Any]] = []

    def heard(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    async with database.write() as db:
        await directory.put(db, "acme", [user("asha")])
        await _told(db, await _entity(db, "ticket", "7", opened_at=NOW.isoformat()), NOW)
        before = {"at": NOW - DAY, "step_key": "2026-11-16"}
        rows = [delivery("old", **before), delivery("asked", user_id="ben", lease_until=NOW - HOUR, **before)]
        await ledger.add(db, _ref(), rows)
    event.listen(database.engine.sync_engine, "before_cursor_execute", heard)
    async with database.write() as db:
        if not database.is_sqlite:
            await db.execute(text("SET LOCAL enable_seqscan = off"))
        del asked[:]
        await _figures(db)
        await _past(db)
        await digests.due(db, NOW)
        await digests.due(db, NOW, after=(NOW, "acme", "asha"))
        await digests.open_sends(db)
        assert await digests.give_up(db, "email", NOW, NOW) == 2
        await waiting.of_user(db, "acme", "asha", "digest")
        await held.known(db, "acme", ["old", "asked"])
        statements, asked = asked, []
        assert len(statements) >= 11
        for statement, parameters in statements:
            explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
            rows = (await db.exec_driver_sql(explain + statement, parameters)).all()
            plan = "\n".join(str(row[-1]) for row in rows)
            scans = [line for line in map(str.strip, plan.splitlines()) if WIDE.search(line)]
            assert scans == [], f"{statement}\n{plan}"
    event.remove(database.engine.sync_engine, "before_cursor_execute", heard)
