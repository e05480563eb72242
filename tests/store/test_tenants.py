"""Two tenants with the same ids never meet, in any function of the store."""

import inspect
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

from punctual.digests import Digest
from punctual.policy import Policy
from punctual.preferences import Preferences
from punctual.quiet_hours import QuietHours
from punctual.timeline import Entry, Step
from store import (
    dedupes,
    directory,
    entities,
    figures,
    held,
    idempotency,
    inbox,
    inbox_changes,
    ledger,
    policies,
    preferences,
    recalls,
    receipts,
    reports,
    retries,
    waiting,
)
from store.engine import Connection, Database
from store.reports import Filter
from store.subscriptions import Subscriptions
from store.suppressions import Suppressions
from store.vault import Vault
from tests.store.rows import KEY, MINUTE, NOW, SECRET, delivery, dump, entry, note, record, ref, subscription
from tests.world import user

OURS, OTHER = "acme", "other"
SUBSCRIPTIONS = Subscriptions(Vault([SECRET]))
SUPPRESSIONS = Suppressions(Vault([SECRET]))
ADDRESS = "asha@example.com"
MODULES: dict[str, Any] = {
    "dedupes": dedupes, "directory": directory, "entities": entities, "figures": figures, "held": held,
    "idempotency": idempotency, "inbox": inbox, "inbox_changes": inbox_changes, "ledger": ledger,
    "policies": policies, "preferences": preferences, "recalls": recalls, "receipts": receipts,
    "reports": reports, "retries": retries,
    "subscriptions": Subscriptions, "suppressions": Suppressions, "waiting": waiting,
}  # fmt: skip
Call = Callable[[Connection], Awaitable[Any]]
US = ref(tenant=OURS)

READS: dict[str, Call] = {
    "directory.get": lambda db: directory.get(db, OURS, ["asha", "ravi"]),
    "directory.page": lambda db: directory.page(db, OURS, after=None, limit=10),
    "directory.managers": lambda db: directory.managers(db, OURS),
    "directory.members": lambda db: directory.members(db, OURS, ["role:sales", "team:north"]),
    "directory.members_of_both": lambda db: directory.members_of_both(db, OURS, "role:sales", "team:north"),
    "entities.load": lambda db: entities.load(db, US, lock=True),
    "entities.entries": lambda db: entities.entries(db, US),
    "entities.entries_beginning": lambda db: entities.entries_beginning(db, US, KEY[:5]),
    "entities.entries_of": lambda db: entities.entries_of(db, OURS, "appointment", ["42"]),
    "entities.entry": lambda db: entities.entry(db, US, KEY),
    "entities.page": lambda db: entities.page(db, OURS, assignee="asha", within_reach_of="ravi"),
    "entities.open_ones": lambda db: entities.open_ones(db, OURS, "appointment"),
    "entities.is_within_reach": lambda db: entities.is_within_reach(db, US, "ravi"),
    "entities.kept": lambda db: entities.kept(db, OURS, "appointment", ["42"]),
    "figures.figures": lambda db: figures.figures(db, OURS, "asha", (NOW, NOW + 60 * MINUTE), NOW),
    "figures.past": lambda db: figures.past(db, OURS, "asha", NOW - MINUTE, NOW),
    "held.known": lambda db: held.known(db, OURS, ["waits"]),
    "inbox.version": lambda db: inbox.version(db, OURS, "asha"),
    "inbox.versions": lambda db: inbox.versions(db, OURS, ["asha"]),
    "inbox.unread": lambda db: inbox.unread(db, OURS, ["asha"]),
    "inbox.page": lambda db: inbox.page(db, OURS, "asha", q="visit"),
    "inbox.get": lambda db: inbox.get(db, OURS, "asha", ["n1"]),
    "inbox.note": lambda db: inbox.note(db, OURS, "n1"),
    "inbox.of_step": lambda db: inbox.of_step(db, OURS, "appointment", "42", KEY),
    "inbox.has_any": lambda db: inbox.has_any(db, US, [KEY], "asha"),
    "inbox.readers": lambda db: inbox.readers(db, US, [KEY]),
    "ledger.spent": lambda db: ledger.spent(db, OURS, ["asha"], "inbox", NOW - MINUTE, 1),
    "ledger.fates": lambda db: ledger.fates(db, US, KEY),
    "ledger.has_any": lambda db: ledger.has_any(db, US, "asha"),
    "ledger.of_entity": lambda db: ledger.of_entity(db, US),
    "ledger.of_user": lambda db: ledger.of_user(db, OURS, "asha"),
    "ledger.open_channels": lambda db: ledger.open_channels(db, US, KEY),
    "ledger.open_sends": lambda db: ledger.open_sends(db, US),
    "ledger.open_rows": lambda db: ledger.open_rows(db, US, KEY, "email"),
    "directory.zone": lambda db: directory.zone(db, OURS, "asha"),
    "preferences.of": lambda db: preferences.of(db, OURS, ["asha"]),
    "preferences.load": lambda db: preferences.load(db, OURS, "asha"),
    "reports.page": lambda db: reports.page(db, OURS, Filter()),
    "reports.story": lambda db: reports.story(db, OURS, note()),
    "reports.counts": lambda db: reports.counts(db, OURS, NOW, NOW + MINUTE),
    "retries.of_ids": lambda db: retries.of_ids(db, OURS, ["d1"]),
    "retries.of_filter": lambda db: retries.of_filter(db, OURS, Filter(), limit=10),
    "retries.brought_by": lambda db: retries.brought_by(db, OURS, ["gone"]),
    "waiting.is_stale": lambda db: waiting.is_stale(db, OURS, "gone", NOW),
    "waiting.of_user": lambda db: waiting.of_user(db, OURS, "asha", "quiet_hours"),
    "waiting.next_end": lambda db: waiting.next_end(db, OURS, "asha"),
    "waiting.ends": lambda db: waiting.ends(db, US, ["night"]),
    "waiting.put_off_until": lambda db: waiting.put_off_until(db, US, "night"),
    "waiting.pointless_at": lambda db: waiting.pointless_at(db, OURS, "d1"),
    "policies.current": lambda db: policies.current(db, OURS, "appointment"),
    "policies.of_version": lambda db: policies.of_version(db, OURS, "appointment", 1),
    "receipts.recipients": lambda db: receipts.recipients(db, OURS, "email", ["d1"]),
    "subscriptions.of": lambda db: SUBSCRIPTIONS.of(db, OURS, "asha"),
    "subscriptions.owners": lambda db: SUBSCRIPTIONS.owners(db, OURS, ["asha"]),
    "suppressions.of": lambda db: SUPPRESSIONS.of(db, OURS, "asha", ADDRESS),
    "suppressions.stopped": lambda db: SUPPRESSIONS.stopped(db, OURS, {"asha": ADDRESS}, ["leads"]),
}

WRITES: dict[str, Call] = {
    "dedupes.claim": lambda db: dedupes.claim(db, OURS, "custom", "new", "e2"),
    "directory.put": lambda db: directory.put(db, OURS, [user("asha", name="Changed")]),
    "directory.erase": lambda db: directory.erase(db, OURS, "asha"),
    "entities.save": lambda db: entities.save(
        db, US, record(title="Changed"), state="open", due_at=None, next_step_at=None, now=NOW
    ),
    "entities.advance": lambda db: entities.advance(db, US, "overdue"),
    "entities.assign": lambda db: entities.assign(db, US, ["ravi"]),
    "entities.add_entries": lambda db: entities.add_entries(db, US, [entry("new")], NOW),
    "entities.settle": lambda db: entities.settle(db, US, KEY, "sent", None, NOW),
    "entities.change": lambda db: entities.change(db, US, entry(reason="late"), NOW),
    "inbox.acknowledge": lambda db: inbox.acknowledge(db, US, [KEY], NOW),
    "inbox.add": lambda db: inbox.add(db, OURS, [note("new", step_key="new")]),
    "inbox.bump": lambda db: inbox.bump(db, OURS, ["asha"]),
    "inbox.change": lambda db: inbox.change(db, OURS, "asha", ["n1"], read_at=NOW),
    "inbox_changes.act": lambda db: inbox_changes.act(db, OURS, "asha", ["n1"], "archive", NOW),
    "inbox_changes.mark_all_read": lambda db: inbox_changes.mark_all_read(db, OURS, "asha", None, NOW),
    "inbox_changes.remove": lambda db: inbox_changes.remove(db, OURS, "asha", ["n1"]),
    "inbox_changes.remove_read": lambda db: inbox_changes.remove_read(db, OURS, "asha"),
    "ledger.add": lambda db: ledger.add(db, US, [delivery("new", channel="web_push")]),
    "ledger.claim": lambda db: ledger.claim(db, OURS, "d1", timedelta(minutes=1)),
    "ledger.settle": lambda db: ledger.settle(db, OURS, "d1", "sent", None, NOW, {}),
    "ledger.overtake": lambda db: ledger.overtake(db, US, [KEY], "cancelled", NOW),
    "ledger.reopen": lambda db: ledger.reopen(db, US, ["gone"], users=["asha"]),
    "ledger.give_up": lambda db: ledger.give_up(db, US, KEY, "email", NOW),
    "idempotency.begin": lambda db: idempotency.begin(db, OURS, "new", "request", NOW),
    "idempotency.end": lambda db: idempotency.end(db, OURS, "key", {"ids": []}),
    "retries.send_again": lambda db: retries.send_again(db, OURS, ["told"], NOW),
    "retries.wait_again": lambda db: retries.wait_again(db, OURS, ["lost"], NOW),
    "retries.retire": lambda db: retries.retire(db, OURS, ["told"], NOW),
    "preferences.put": lambda db: preferences.put(
        db, OURS, "asha", Preferences(channels={"email": True}), digest_at=NOW, now=NOW
    ),
    "preferences.choose": lambda db: preferences.choose(
        db, OURS, "asha", Preferences(channels={"email": False}), NOW
    ),
    "preferences.next_digest_at": lambda db: preferences.next_digest_at(db, OURS, "asha", NOW),
    "preferences.follow_zones": lambda db: preferences.follow_zones(db, OURS, {"asha": "UTC"}, NOW),
    "waiting.let_go": lambda db: waiting.let_go(db, OURS, "d1", NOW),
    "waiting.put_off": lambda db: waiting.put_off(db, OURS, "d1", "quiet_hours", NOW),
    "waiting.carry": lambda db: waiting.carry(db, OURS, ["waits"], "d1"),
    "waiting.settle": lambda db: waiting.settle(db, OURS, ["waits"], "expired", "expired", NOW),
    "waiting.postpone": lambda db: waiting.postpone(db, OURS, ["waits"], "digest", NOW),
    "waiting.share": lambda db: waiting.share(db, OURS, "d1", "sent", None, NOW),
    "waiting.share_all": lambda db: waiting.share_all(db, US, "told", "web_push"),
    "waiting.look_again": lambda db: waiting.look_again(db, OURS, "asha", NOW - MINUTE, digests=True),
    "policies.put": lambda db: policies.put(db, OURS, "appointment", Policy(overdue_after="PT1M"), NOW),
    "policies.follow": lambda db: policies.follow(db, OURS, "appointment", 1),
    "subscriptions.save": lambda db: SUBSCRIPTIONS.save(db, OURS, subscription(device="Changed")),
    "subscriptions.delete": lambda db: SUBSCRIPTIONS.delete(db, OURS, "asha", "s1"),
    "subscriptions.delete_endpoint": lambda db: SUBSCRIPTIONS.delete_endpoint(
        db, OURS, "asha", subscription().endpoint
    ),
    "subscriptions.delete_gone": lambda db: SUBSCRIPTIONS.delete_gone(db, OURS, subscription()),
    "recalls.snooze": lambda db: recalls.snooze(db, OURS, note(step_key="pushed"), NOW, NOW),
    "recalls.take_back": lambda db: recalls.take_back(db, OURS, "asha", ["n3"]),
    "receipts.is_news": lambda db: receipts.is_news(db, OURS, "d1", "bounce"),
    "receipts.heard": lambda db: receipts.heard(db, OURS, "d1", "opened", NOW),
    "receipts.refused": lambda db: receipts.refused(db, OURS, "d1", "550", NOW),
    "suppressions.unsubscribe": lambda db: SUPPRESSIONS.unsubscribe(db, OURS, "asha", "tasks", NOW),
    "suppressions.resubscribe": lambda db: SUPPRESSIONS.resubscribe(db, OURS, "asha", "leads"),
    "suppressions.bounced": lambda db: SUPPRESSIONS.bounced(db, OURS, "ravi@example.com", NOW, "550"),
    "suppressions.lift": lambda db: SUPPRESSIONS.lift(db, OURS, ADDRESS),
    "suppressions.forget": lambda db: SUPPRESSIONS.forget(db, OURS, "asha", ADDRESS),
    "subscriptions.used": lambda db: SUBSCRIPTIONS.used(db, OURS, ["s1"], NOW + MINUTE),
}

# It takes a lock, and neither reads nor writes a row.
ROWLESS = {"directory.lock", "inbox.lock"}
# What time changes or finds, it does for everybody: test_sweep.py and test_rescue.py, tests/store/test_waiting.py.
FOR_ALL = {"inbox_changes.is_due", "inbox_changes.end", "waiting.forgotten", "retries.untaken"}


async def _populate(db: Connection, tenant: str) -> None:
    """The same ids for everybody."""
    whose = ref(tenant=tenant)
    groups = {"roles": ["sales"], "teams": ["north"]}
    await directory.put(
        db, tenant, [user("asha", manager_id="ravi", timezone="Asia/Kolkata", **groups), user("ravi")]
    )
    await dedupes.claim(db, tenant, "custom", "key", "e1")
    await entities.save(db, whose, record(title="Visit"), state="open", due_at=NOW, next_step_at=NOW, now=NOW)
    await entities.assign(db, whose, ["asha"])
    late = Entry(Step(key="late", type="appointment.outcome_missing", stage="overdue", due_at=NOW), "sent")
    await entities.add_entries(db, whose, [entry(), late], NOW)
    await inbox.add(db, tenant, [note(), note("n0", step_key="read", read_at=NOW), note("n2", step_key="late")])
    await inbox.bump(db, tenant, ["asha"])
    gone = delivery("d0", channel="web_push", step_key="gone", outcome="superseded", reason="rescheduled")
    waits = delivery("waits", step_key="night", outcome="deferred", reason="quiet_hours", due_at=NOW)
    told = delivery("told", step_key="told", channel="web_push", outcome="failed", reason="rejected")
    brought = [
        delivery(f"by-{by}", step_key=KEY, channel=f"for-{by}", outcome="deferred", reason="digest", due_at=NOW)
        for by in ("d1", "told")
    ]
    await ledger.add(
        db, whose, [delivery(), delivery("seen", channel="inbox", outcome="sent"), gone, waits, told, *brought]
    )
    pushed = [
        delivery(f"pushed-{id_}", channel="web_push", step_key=step, notification_id=id_, outcome="sent")
        for id_, step in (("n1", "pushed"), ("n3", "snoozed"))
    ]
    await ledger.add(db, whose, pushed)
    await recalls.snooze(db, tenant, note("n3", step_key="snoozed"), NOW, NOW)
    overtaken = delivery("by-gone", channel="sms", outcome="superseded", reason="cancelled")
    await ledger.add(db, whose, [overtaken])
    for by in ("d1", "told", "gone"):
        await waiting.carry(db, tenant, [f"by-{by}"], by)
    await ledger.add(db, whose, [delivery("lost", step_key="lost", outcome="unknown", reason="ambiguous")])
    await waiting.carry(db, tenant, ["lost"], "gone")
    await idempotency.begin(db, tenant, "key", "request", NOW)
    chosen = Preferences(quiet_hours=QuietHours(enabled=True), digest=Digest(frequency="daily"))
    await preferences.put(db, tenant, "asha", chosen, digest_at=None, now=NOW)
    await policies.put(db, tenant, "appointment", Policy(), NOW)
    await SUBSCRIPTIONS.save(db, tenant, subscription())
    await SUPPRESSIONS.unsubscribe(db, tenant, "asha", "leads", NOW)
    await SUPPRESSIONS.bounced(db, tenant, ADDRESS, NOW, "550 5.1.1")


def _functions(module: ModuleType | type) -> set[str]:
    """The public coroutine functions that a module, or a class, defines itself."""
    return {
        name
        for name, value in vars(module).items()
        if inspect.iscoroutinefunction(value)
        and not name.startswith("_")
        and value.__module__ in (module.__name__, module.__module__ if isinstance(module, type) else "")
    }


def test_every_function_of_the_store_is_tried_here() -> None:
    """A new one has to be put into one of the lists."""
    there = {f"{prefix}.{name}" for prefix, module in MODULES.items() for name in _functions(module)}
    assert there == {*READS, *WRITES, *ROWLESS, *FOR_ALL}


async def test_a_read_finds_nothing_of_another_tenants(database: Database) -> None:
    """Each answers as in an empty database while only the other tenant has rows, and differently once we have."""
    async with database.write() as db:
        empty = {name: await read(db) for name, read in READS.items()}
        await _populate(db, OTHER)
        with_others = {name: await read(db) for name, read in READS.items()}
        await _populate(db, OURS)
        with_ours = {name: await read(db) for name, read in READS.items()}
    assert with_others == empty
    assert [name for name in READS if with_ours[name] == empty[name]] == []


async def test_everyone_means_everyone_of_the_tenant(database: Database) -> None:
    """The word that names no group of its own stays inside the tenant as well."""
    async with database.write() as db:
        await _populate(db, OTHER)
        assert await directory.members(db, OURS, ["everyone"]) == []
        assert await directory.members(db, OTHER, ["everyone"]) == ["asha", "ravi"]


async def test_the_same_dedupe_key_of_another_tenant_is_another(database: Database) -> None:
    """Each tenant's first event is told."""
    async with database.write() as db:
        assert await dedupes.claim(db, OTHER, "custom", "key", "e1")
        assert await dedupes.claim(db, OURS, "custom", "key", "e2")


async def test_a_write_leaves_another_tenants_rows_alone(database: Database) -> None:
    """Each changes our rows, and not one of theirs, though all ids are the same."""
    async with database.write() as db:
        for tenant in (OURS, OTHER):
            await _populate(db, tenant)
        ours, theirs = await dump(db, OURS), await dump(db, OTHER)
        for name, write in WRITES.items():
            async with db.begin_nested() as attempt:
                await write(db)
                assert await dump(db, OTHER) == theirs, name
                assert await dump(db, OURS) != ours, name
                await attempt.rollback()
