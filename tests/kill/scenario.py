"""One kill: fifty reminders fall due within seconds, everything dies among them, and is started again."""

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.eventually import eventually
from tests.kill.checker import Dump
from tests.kill.provider import MailServer, in_outbox, mail_server
from tests.kill.victim import Tables, Victim, tables

TENANT, USER = "acme", "asha"
REMINDERS = 50
AHEAD = timedelta(minutes=1)
"""From a reminder to what it announces."""
LEAD = timedelta(seconds=4)
"""From the events to the first reminder."""
BURST = 3.0
"""Seconds from the first reminder to the last."""
QUIET_WITHIN = 120.0


@dataclass(frozen=True)
class Aftermath:
    """What a kill came upon, and what there was in the end."""

    moment: float
    """Seconds from the first reminder's instant to the kill."""
    processes: int
    before: Tables
    after: Tables
    dump: Dump
    unanswered: set[str]
    """Deliveries whose mail the provider had taken and not answered."""

    def __str__(self) -> str:
        mails = [row.outcome for row in self.after.deliveries if row.channel == "email"]
        return (
            f"killed {self.processes} processes at {self.moment:+.2f} s: {self.before.reminders} reminders written,"
            f" {len(self.before.leased)} mails asked for ({len(self.unanswered)} at the provider);"
            f" in the end {self.after.reminders} reminders, {mails.count('sent')} mails sent,"
            f" {mails.count('unknown')} unknown"
        )


async def kill_and_restart(seed: str, data: Path, database_url: str, *, hesitant_provider: bool) -> Aftermath:
    """Runs the scenario; the moment of the kill and all instants follow from `seed`."""
    chance = random.Random(seed)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(mail_server(seed)) if hesitant_provider else None
        email = f"smtp://127.0.0.1:{server.port}" if server else "outbox:"
        victim = Victim(data, DATABASE_URL=database_url, EMAIL_URL=email)
        stack.push_async_callback(victim.kill)
        await victim.start()
        posted, first = await _post(victim, chance)
        await _until(first + timedelta(seconds=chance.uniform(-0.5, BURST + 0.5)), server)
        moment = (datetime.now(UTC) - first).total_seconds()
        processes = await victim.kill()
        if server:
            server.hesitates = False
        before = await tables(database_url, TENANT)
        await victim.start()
        async with await asyncio.to_thread(victim.client, "user", USER, TENANT) as client:

            async def is_quiet() -> bool:
                return not (await tables(database_url, TENANT)).unfinished and len(await _inbox(client)) >= len(
                    posted
                )

            await eventually(is_quiet, within=QUIET_WITHIN)
            seen = [*await _inbox(client), *await _inbox(client, "appointment.scheduled")]
        after = await tables(database_url, TENANT)
        mails = list(server.mails) if server else in_outbox(data)
        dump = Dump(posted, seen, after.steps, after.deliveries, mails)
        return Aftermath(moment, processes, before, after, dump, server.unanswered if server else set())


async def _post(victim: Victim, chance: random.Random) -> tuple[list[str], datetime]:
    """Posts a batch of appointments; the ids that were accepted, and the first reminder's instant."""
    async with await asyncio.to_thread(victim.client, "admin", "setup", TENANT) as client:
        policy = {"reminders": [{"before": "PT1M"}], "overdue_after": None}
        (await client.put("/v1/admin/policies/appointment", json=policy)).raise_for_status()
        person = {"name": "Asha Rao", "email": "asha@example.com"}
        (await client.put(f"/v1/users/{USER}", json=person)).raise_for_status()
        now = datetime.now(UTC)
        due = [now + LEAD + timedelta(seconds=chance.uniform(0, BURST)) for _ in range(REMINDERS)]
        events = [_event(number, now, moment + AHEAD) for number, moment in enumerate(due)]
        answer = (await client.post("/v1/events", json=events)).raise_for_status()
    return [item["workflow_id"].split("/")[-1] for item in answer.json()["accepted"]], min(due)


def _event(number: int, now: datetime, starts_at: datetime) -> dict[str, object]:
    return {
        "id": f"e{number}", "type": "appointment.scheduled", "time": now.isoformat(),
        "data": {
            "id": f"a{number}", "title": "Visit", "customer_name": "Meera Iyer",
            "starts_at": starts_at.isoformat(), "assignee_ids": [USER],
        },
    }  # fmt: skip


async def _until(moment: datetime, server: MailServer | None) -> None:
    """Waits for the moment of the kill; with a provider that hesitates, also until somebody waits for its answer."""
    await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
    if server:
        await asyncio.wait_for(server.asked.wait(), 30)


async def _inbox(client: httpx.AsyncClient, type_: str = "appointment.reminder") -> list[tuple[str, str]]:
    """(entity, type) of each row of that type, page by page."""
    found: list[tuple[str, str]] = []
    query = {"type": type_, "limit": "20"}
    while True:
        page = (await client.get("/v1/notifications", params=query)).raise_for_status().json()
        found += [(item["entity"]["id"], item["type"]) for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]
