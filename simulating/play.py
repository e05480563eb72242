"""Lives a scenario through: real workflows, activities and store, on scenario time, with nothing sent."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from tempfile import TemporaryDirectory
from typing import Any

from temporalio.exceptions import TemporalError
from temporalio.testing import WorkflowEnvironment

import catalogue
from activities.sweep import Sweep
from api.event_types import EventTypes
from catalogue import Notice
from punctual import client, events
from punctual.client import TASK_QUEUE
from punctual.errors import ActRefused, InvalidEvent
from punctual.events import Event
from punctual.protocol import Act, Ref
from punctual.registry import kind_of
from simulating import TENANT, SimulationFailed, report, scenario
from simulating.agenda import Agenda
from simulating.channels import pretended
from simulating.clock import Clock
from simulating.loading import Changed, Loaded
from simulating.people import People
from simulating.rows import Row
from simulating.server import time_skipping
from simulating.waits import Waits
from simulating.workers import workers
from store import digests, policies
from store.bus import LocalBus
from store.engine import Database
from store.tables import metadata

LONGEST = timedelta(days=366)
"""How long a scenario without an end goes on, if it does not come to rest."""
# The server skips time only while nothing is under way: a sleep that is over sooner than it says has found all quiet.
_MOMENT = timedelta(milliseconds=50)
# A timer runs from when the server hears of it, and so ends a little after the instant that it is for.
_LATE = timedelta(seconds=1)
_MOST_TRIES = 60
_PATIENCE = 60.0
_LOOK_SECONDS = 0.2


async def play(loaded: Loaded) -> list[Row]:
    """All that happens, in order of time; raises CannotStart without a server, SimulationFailed for a bug."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="punctual-simulate-"))
        environment = await stack.enter_async_context(time_skipping())
        database = Database(f"sqlite+aiosqlite:///{folder}/punctual.db")
        stack.push_async_callback(database.close)
        async with database.write() as db:
            await db.run_sync(metadata.create_all)
        clock = Clock(loaded.starts - await environment.get_current_time())
        notices = catalogue.load()
        stage = Stage(loaded, environment, database, notices, clock)
        await stage.prepare()
        channels = pretended(stage.people.devices.__contains__)
        for worker in workers(environment.client, database, notices, channels, clock):
            await stack.enter_async_context(worker)
        await stage.play()
        return await stage.told()


class Stage:
    """One scenario under way."""

    def __init__(
        self,
        loaded: Loaded,
        environment: WorkflowEnvironment,
        database: Database,
        notices: dict[str, Notice],
        clock: Clock,
    ) -> None:
        self._loaded = loaded
        self._environment = environment
        self._database = database
        self._types = EventTypes(notices)
        self._clock = clock
        self.people = People(database)
        self._waits = Waits()
        self._agenda = Agenda(self._waits)
        self._sweep = Sweep(database, LocalBus())
        self._names: dict[Ref, str] = {}
        self._rows: list[Row] = []

    async def prepare(self) -> None:
        """People and policies, as they are when it starts."""
        scenario = self._loaded.scenario
        await self.people.come(scenario.users, self._loaded.starts)
        async with self._database.write() as db:
            for kind, policy in scenario.policies.items():
                await policies.put(db, TENANT, kind, policy, self._loaded.starts)

    async def play(self) -> None:
        """Everything in the order of its time, one thing after the other, and then until nothing more is planned."""
        scenario = self._loaded.scenario
        now = self._loaded.starts
        for at, moments in groupby(self._moments(), key=lambda moment: moment[0]):
            await self._live(now, at)
            await self._reach(at)
            for _, happen in moments:
                await happen()
                await self._settle(_MOMENT)
                await self._look(at)
            now = at
        await self._live(now, scenario.until or self._loaded.starts + LONGEST, is_over=scenario.until is None)

    async def _live(self, now: datetime, end: datetime, *, is_over: bool = False) -> None:
        """From one thing that is due to the next, up to `end`."""
        tries: dict[datetime, int] = defaultdict(int)
        while (due := await self._next_due(now, end, is_over=is_over)) is not None:
            tries[due] += 1
            if tries[due] > _MOST_TRIES:
                raise self._failed(f"what is due at {due:%Y-%m-%dT%H:%M:%SZ} is not told")
            await self._reach(due)
            now = max(now, due)

    async def _next_due(self, now: datetime, end: datetime, *, is_over: bool) -> datetime | None:
        async with self._database.read() as db:
            return await self._agenda.next_due(db, now, end, is_over=is_over)

    def _moments(self) -> list[tuple[datetime, Callable[[], Coroutine[Any, Any, None]]]]:
        scenario = self._loaded.scenario
        found: list[tuple[datetime, Callable[[], Coroutine[Any, Any, None]]]] = [
            *((change.at, partial(self._change, change)) for change in self._loaded.people),
            *((event.at, partial(self._tell, number, event)) for number, event in enumerate(scenario.events, 1)),
            *((act.at, partial(self._act, number, act)) for number, act in enumerate(scenario.acts, 1)),
        ]
        return sorted(found, key=lambda moment: moment[0])

    async def _change(self, change: Changed) -> None:
        """As the API takes what changes about somebody, and what they choose."""
        user = change.user
        waits = await self.people.change(user, change.at, chooses="preferences" in change.said)
        told = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in change.said.items())
        self._rows.append(Row(change.at, f"user {user.id}", "changed", "changed", detail=told))
        if waits:
            await client.look(self._environment.client, TENANT, user.id, change.at)

    async def _tell(self, number: int, event: scenario.Event) -> None:
        """As the API takes an event: what it would refuse never reaches a workflow."""
        body: dict[str, Any] = {
            "id": event.id or f"event-{number}", "type": event.type, "data": event.data,
            "time": (event.time or event.at).isoformat(), **({"source": event.source} if event.source else {}),
        }  # fmt: skip
        try:
            heard = self._parsed(self._types.named(body), event.at)
        except InvalidEvent as error:
            self._rows.append(Row(event.at, body["id"], event.type, "refused", "rejected", detail=str(error)))
            return
        kind = kind_of(heard.type)
        ref = Ref(tenant=TENANT, kind=kind.name, id=heard.about)
        self._names[ref] = f"{ref.kind}/{ref.id}" if kind.lasts else heard.id
        self._agenda.touch(ref)
        accepted = heard.model_copy(update={"punctualaccepted": event.at})
        await client.signal(self._environment.client, TENANT, accepted)

    def _parsed(self, body: dict[str, Any], now: datetime) -> Event:
        problems = self._types.problems(body)
        try:
            event = events.parse(body, now=now)
        except InvalidEvent as error:
            raise InvalidEvent([*error.problems, *problems]) from None
        if problems:
            raise InvalidEvent(problems)
        return event

    async def _act(self, number: int, act: scenario.Act) -> None:
        kind, _, id_ = act.entity.partition("/")
        ref = Ref(tenant=TENANT, kind=kind, id=id_)
        asked = Act(id=f"act-{number}", what=act.what, user_id=act.by, until=act.until)
        done = partial(Row, act.at, act.entity, act.what, user_id=act.by)
        if ref not in self._names:
            self._rows.append(done("refused", "unknown", detail="No event has told of it."))
            return
        self._agenda.touch(ref)
        try:
            await self._answered(client.update(self._environment.client, ref, asked))
        except ActRefused as error:
            self._rows.append(done("refused", error.code, detail=error.detail))
        except TemporalError as error:
            raise self._failed(str(error)) from error
        else:
            self._rows.append(done("done"))

    async def _answered(self, asked: Coroutine[Any, Any, Any]) -> None:
        """Waits for an answer, which a workflow that has a bug never gives."""
        asking = asyncio.create_task(asked)
        while not asking.done():
            await asyncio.wait({asking}, timeout=_LOOK_SECONDS)
            if self._clock.fault is not None:
                asking.cancel()
                raise self._failed(self._clock.fault)
        await asking

    async def _reach(self, at: datetime) -> None:
        """Goes on to an instant, and through all that is due until then."""
        left = at - self._clock.ahead - await self._environment.get_current_time()
        await self._environment.sleep(max(left, timedelta(0)))
        await self._settle(_LATE)
        await self._look(at)
        async with self._database.read() as db:
            has_digests = bool(await digests.due(db, at, limit=1))
        if has_digests:
            await self._digest(at)
            await self._look(at)

    async def _digest(self, at: datetime) -> None:
        """What the deployment's schedule does every quarter of an hour, after what time has changed in inboxes."""
        while await self._sweep.once(at):
            pass
        name = f"digests-{at:%Y-%m-%dT%H:%M:%SZ}"
        await self._environment.client.start_workflow("Digest", id=name, task_queue=TASK_QUEUE)
        await self._settle(_MOMENT)

    async def _look(self, at: datetime) -> None:
        async with self._database.read() as db:
            await self._waits.look(db, self.people.choosers, at)

    async def _settle(self, pause: timedelta) -> None:
        """Sleeps until nothing is under way."""
        first = began = time.monotonic()
        while began - first < _PATIENCE:
            await self._environment.sleep(pause)
            if self._clock.fault is not None:
                raise self._failed(self._clock.fault)
            ended = time.monotonic()
            if ended - began < pause.total_seconds():
                return
            began = ended
        raise self._failed("it does not come to rest")

    def _failed(self, fault: str) -> SimulationFailed:
        """What ends the simulation: the first fault there was, or this one."""
        return SimulationFailed(f"a bug came up: {' '.join((self._clock.fault or fault).split())}")

    async def told(self) -> list[Row]:
        """All that was decided or done so far, and what is still planned."""
        async with self._database.read() as db:
            return await report.rows(db, self._names, self._rows, self.people.choosers, self._waits)
