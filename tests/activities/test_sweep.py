"""What time changes in inboxes: ended once, told once, whoever looks and whatever breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

import worker
from activities import background, sweep
from activities.sweep import Sweep
from store import inbox
from store.bus import LocalBus
from store.engine import Connection, Database
from store.inbox import Notification
from tests.store.rows import MINUTE, NOW, another, note

LATER = NOW + 10 * MINUTE


class Heard(LocalBus):
    """A bus that keeps what it carries."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[tuple[str, str, dict[str, Any]]] = []
        self.listen(lambda tenant, user, frame: self.frames.append((tenant, user, frame)))


@pytest.fixture
def heard() -> Heard:
    return Heard()


async def _write(database: Database, *notes: Notification, tenant: str = "acme") -> None:
    async with database.write() as db:
        await inbox.add(db, tenant, notes)
        await inbox.bump(db, tenant, {one.user_id for one in notes})


async def _state(database: Database, user: str = "asha", tenant: str = "acme") -> tuple[int, int, list[str]]:
    """Version, count, and the ids of the unread."""
    async with database.read() as db:
        found = await inbox.page(db, tenant, user, status="unread", limit=10_000)
        count = await inbox.unread(db, tenant, [user])
        return await inbox.version(db, tenant, user), count[user], [one.id for one in found]


async def test_a_snooze_ends_unread_and_what_has_expired_is_gone(database: Database, heard: Heard) -> None:
    """At its instant and not before; each inbox, of any tenant, gets a version, its owner a frame of what it was."""
    snoozed = note("s", snoozed_until=LATER, read_at=NOW)
    await _write(database, snoozed, note("ben-s", user_id="ben", expires_at=LATER, step_key="2"))
    await _write(database, note("s", expires_at=LATER), note("kept", step_key="2"), tenant="other")
    looks = Sweep(database, heard)
    assert await looks.once(LATER - MINUTE) == 0
    assert await _state(database) == (1, 0, [])
    assert await looks.once(LATER) == 3
    assert await looks.once(LATER + MINUTE) == 0
    assert await _state(database) == (2, 1, ["s"])
    assert await _state(database, "ben") == (2, 0, [])
    assert await _state(database, tenant="other") == (2, 1, ["kept"])
    async with database.read() as db:
        [awake] = await inbox.get(db, "acme", "asha", ["s"])
        assert (awake.snoozed_until, awake.read_at) == (None, None)
        assert await inbox.note(db, "acme", "ben-s") is not None, "repeats of its step still find it"
    after = {"unread_count": 1, "version": 2}
    assert sorted(heard.frames, key=lambda told: told[:2]) == [
        ("acme", "asha", {"type": "notification_updated", "notification": awake.public(), "woken": True, **after}),
        ("acme", "ben", {"type": "notification_deleted", "id": "ben-s", "unread_count": 0, "version": 2}),
        ("other", "asha", {"type": "notification_deleted", "id": "s", **after}),
    ]


async def test_several_in_one_inbox_are_one_version_and_one_frame(database: Database, heard: Heard) -> None:
    """What is snoozed and has expired is gone; the client is told to read its list again."""
    await _write(
        database, note("a", snoozed_until=NOW), note("b", snoozed_until=NOW, expires_at=NOW, step_key="2"),
        note("c", expires_at=NOW, archived_at=NOW, step_key="3"),
    )  # fmt: skip
    assert await Sweep(database, heard).once(NOW) == 3
    assert await _state(database) == (2, 1, ["a"])
    assert heard.frames == [("acme", "asha", {"type": "unread_count", "count": 1, "version": 2, "woken": ["a"]})]


async def test_workers_share_the_work(database: Database, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several at once, each from a process of its own, change everything due once, batch by batch."""
    monkeypatch.setattr(sweep, "BATCH", 10)
    users = [f"u{number}" for number in range(40)]
    await _write(database, *(note(f"n{user}", user_id=user, expires_at=NOW) for user in users))
    others = [another(database) for _ in range(3)]

    async def work(own: Database) -> int:
        done = 0
        while (await _left(own)) > 0:
            done += await Sweep(own, heard).once(NOW)
        return done

    async def _left(own: Database) -> int:
        async with own.read() as db:
            return sum((await inbox.unread(db, "acme", users)).values())

    assert sum(await asyncio.gather(*map(work, others))) == len(users)
    assert sorted(user for _, user, _ in heard.frames) == sorted(users)
    assert {frame["version"] for _, _, frame in heard.frames} == {2}
    for other in others:
        await other.close()


async def test_an_inbox_that_somebody_is_changing_is_not_waited_for(postgresql: Database, heard: Heard) -> None:
    """It has its turn at the next look; the others have theirs now."""
    await _write(postgresql, note("a", expires_at=NOW), note("b", user_id="ben", expires_at=NOW))
    async with postgresql.write() as db:
        await inbox.lock(db, "acme", ["asha"])
        async with asyncio.timeout(10):
            assert await Sweep(postgresql, heard).once(NOW) == 1
    assert [user for _, user, _ in heard.frames] == ["ben"]
    assert await Sweep(postgresql, heard).once(NOW) == 1


class Flaky:
    """A database that is away as often as it is told to be."""

    def __init__(self, database: Database, failures: int) -> None:
        self._database = database
        self._failures = failures
        self.write = database.write

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        if self._failures:
            self._failures -= 1
            raise OperationalError("SELECT", {}, Exception("gone"))
        async with self._database.read() as db:
            yield db


async def test_the_loop_outlives_an_outage_and_says_so_once(
    sqlite: Database, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is away it waits longer each time; then it goes on as before."""
    await _write(sqlite, note("a", expires_at=datetime.now(UTC)))
    told = asyncio.Event()
    heard.listen(lambda *_: told.set())
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr("activities.sweep.asyncio.sleep", pause)
    with capture_logs() as logs:
        async with background.running(Sweep(Flaky(sqlite, 6), heard).run()):  # type: ignore[arg-type]
            async with asyncio.timeout(10):
                await told.wait()
            while len(pauses) < 7:
                await sleep(0)
    assert pauses[:7] == [2, 4, 8, 16, 30, 30, 1]
    assert [entry["event"] for entry in logs] == ["inbox_sweep_fails", "inbox_sweep_goes_on"]


async def test_every_process_with_workers_sweeps(
    sqlite: Database, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For as long as they run, without anybody asking for it."""

    async def connected(_: Any) -> None:
        """There is no Temporal, and there are no workers for it."""

    monkeypatch.setattr(worker, "_connected", connected)
    monkeypatch.setattr(worker, "workers", lambda *_: ([], AsyncExitStack()))
    await _write(sqlite, note("a", expires_at=datetime.now(UTC)))
    told = asyncio.Event()
    heard.listen(lambda *_: told.set())
    ours: Any = SimpleNamespace(settings=None, database=sqlite, bus=heard)
    async with worker.running(ours), asyncio.timeout(10):
        await told.wait()
    assert await _state(sqlite) == (2, 0, [])
