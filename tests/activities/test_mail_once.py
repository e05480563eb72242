"""However a provider fails, each mail reaches it at most once, and each row ends with what became of its mail."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from activities.channels.email_sendgrid import SendGrid
from activities.channels.email_smtp import Smtp
from activities.channels.inbox import Inbox
from punctual import events
from punctual.channels import CHANNELS
from punctual.protocol import Heard, PlanRequest
from store import directory
from store.engine import Database, database_now
from store.ledger import Delivery
from store.tables import deliveries
from tests.activities.conftest import HOUR, NOW, REF, START, Office, attempt
from tests.channels.mails import channel
from tests.channels.sendgrid_api import CUT, DRIP, KEY, STALL, Act, Posted, sendgrid_api
from tests.channels.smtp_server import Mailbox, smtp
from tests.world import SUPPRESSIONS, Recorder, user

SEED = "twenty-six"
PEOPLE = [f"user{number}" for number in range(100)]
FIRST_WAVE = 40
PAUSE = timedelta(minutes=11)
REFUSED = ("rejected", "provider_error")


@pytest.fixture
async def crowd(sqlite: Database) -> Office:
    """A hundred people, each of whom is to get a mail about one appointment."""
    recorders = {name: Recorder(name) for name in CHANNELS if name != "inbox"}
    office = Office(sqlite, {"inbox": Inbox(), **recorders})
    async with sqlite.write() as db:
        await directory.put(db, REF.tenant, [user(id_) for id_ in PEOPLE])
    data = {
        "id": "42", "title": "Visit", "customer_name": "Meera", "starts_at": START.isoformat(),
        "assignee_ids": PEOPLE,
    }  # fmt: skip
    body = {"id": "e", "type": "appointment.scheduled", "time": NOW.isoformat(), "data": data}
    heard = Heard(event=events.parse(body, now=NOW), at=NOW)
    await attempt(NOW, office.planning.plan, PlanRequest(ref=REF, now=NOW, heard=[heard]))
    await office.compose()
    return office


async def lived_through(office: Office, wave: asyncio.Event) -> list[Delivery]:
    """The rows at the end. The first attempt is killed when a `wave` of mails is out; others go on to the end."""
    first = asyncio.create_task(office.deliver())
    await asyncio.wait_for(wave.wait(), 30)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    async with office.database.write() as db:
        passed = await database_now(db) - timedelta(seconds=1)
        held = deliveries.c.lease_until.is_not(None)
        await db.execute(update(deliveries).where(held).values(lease_until=passed))
    moment = START - HOUR
    while moment < START:
        try:
            await office.deliver(moment)
        except ApplicationError as later:
            assert later.type == "Retry"
            moment += PAUSE
        else:
            break
    else:
        await office.deliver(START, give_up=True, expired=True)
    return list((await office.mails()).values())


def check(rows: list[Delivery], kept: Counter[str]) -> None:
    """`kept`: how often the provider may deliver each."""
    assert len(rows) == len(PEOPLE)
    assert {id_: times for id_, times in kept.items() if times > 1} == {}
    assert not set(+kept) - {row.id for row in rows}
    assert not [row for row in rows if row.outcome not in ("sent", "failed", "expired", "unknown")]
    assert not [row for row in rows if row.outcome == "sent" and not kept[row.id]]
    assert not [row for row in rows if row.outcome in ("failed", "expired") and kept[row.id]]
    assert {row.outcome for row in rows} >= {"sent", "failed", "unknown"}


async def test_sendgrid_gets_each_mail_at_most_once(crowd: Office) -> None:
    """It accepts then stalls, drips, hangs up, is busy, refuses, breaks or sends us elsewhere; and we are killed."""
    wave, asked = asyncio.Event(), Counter[str]()
    async with sendgrid_api() as other, sendgrid_api() as api:
        faults = [
            STALL, DRIP, CUT, Act(503), Act(500), Act(429, {"Retry-After": "60"}), Act(429), Act(401), Act(400),
            Act(302, {"Location": other.origin}), Act(307, {"Location": f"{other.origin}/v3/mail/send"}),
        ]  # fmt: skip

        def act(posted: Posted) -> Act:
            asked[posted.delivery] += 1
            if asked.total() == FIRST_WAVE:
                wave.set()
            chance = Random(f"{SEED} {posted.body['personalizations'][0]['to']} {asked[posted.delivery]}")
            return chance.choice(faults) if chance.random() < 0.5 else Act()

        unread = Random(SEED)
        api.act, api.unread = act, lambda: Act(502, reads=False) if unread.random() < 0.05 else None
        crowd.channels["email"] = channel(SendGrid(KEY, api.origin, deadline=1))
        rows = await lived_through(crowd, wave)
        await crowd.channels["email"].close()
    check(rows, api.kept)
    assert other.connections == 0


class Moody(Mailbox):
    """A server that fails at a command of its choice, and reads a mail before it fails at DATA."""

    FAULTS = (
        ("rcpt", "451 4.3.0 later"), ("rcpt", "550 5.1.1 unknown"), ("rcpt", "550 5.7.1 policy"), ("rcpt", ""),
        ("data", "452 4.3.1 full"), ("data", "554 5.6.0 spam"), ("data", ""), ("data", "…"),
        ("mail", "421 4.4.2 bye"),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.kept: Counter[str] = Counter()
        self.wave = asyncio.Event()
        self._asked: Counter[str] = Counter()
        self._moods: dict[int, tuple[str, str]] = {}
        self._chance = Random(SEED)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self._moods[id(session)] = self._chance.choice(self.FAULTS) if self._chance.random() < 0.4 else ("", "")
        await super().handle_MAIL(server, session, envelope, address, options)
        return await self._mood("mail", server, session)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return await self._mood("rcpt", server, session)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        delivery = envelope.content.partition(b"X-Punctual-Delivery: ")[2].split()[0].decode()
        command, answer = self._moods[id(session)]
        self.kept[delivery] += command != "data" or not answer[:1].isdigit()
        if self.kept.total() == FIRST_WAVE:
            self.wave.set()
        return await self._mood("data", server, session)

    async def _mood(self, now: str, server: Any, session: Any) -> str:
        command, answer = self._moods[id(session)]
        if command != now:
            return "250 OK"
        if not answer:
            server.transport.abort()
        if answer == "…":
            await asyncio.Event().wait()
        return answer


async def test_an_smtp_server_gets_each_mail_at_most_once(crowd: Office) -> None:
    """It refuses, is busy, hangs up or falls silent at each command, over connections that are kept; and we are
    killed."""
    box = Moody()
    async with smtp(box) as server:
        crowd.channels["email"] = channel(Smtp(server, deadline=1))
        rows = await lived_through(crowd, box.wave)
        await crowd.channels["email"].close()
    check(rows, box.kept)
    assert box.connections < box.asked
    unknown = {row.user_id for row in rows if (row.detail or "").endswith("550 5.1.1")}
    async with crowd.database.read() as db:
        addresses = {id_: f"{id_}@example.com" for id_ in PEOPLE}
        stopped = await SUPPRESSIONS.stopped(db, REF.tenant, addresses, ())
    assert stopped == dict.fromkeys(unknown, "bounced")
    assert unknown
