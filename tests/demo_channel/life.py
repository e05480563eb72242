"""Lives a reminder by pager in the copied tree that it is run in; prints what became of it."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import catalogue
from activities.channels.inbox import Inbox
from activities.channels.registry import channels
from api.catalogue import get_catalogue
from punctual.channels import CHANNELS
from punctual.preferences import Preferences
from punctual.protocol import DeliverRequest
from resources import Resources
from settings import Settings
from simulating.channels import pretended
from store import directory, ledger, preferences
from store.bus import LocalBus
from store.engine import Database
from store.subscriptions import Subscriptions
from store.tables import metadata
from store.vault import Vault
from tests.activities.conftest import HOUR, NOW, REF, REMINDER, START, Office, attempt
from tests.world import Recorder, user
from workflows.outbound import CHANNELS as ROUTED


async def main() -> None:
    data = Path(tempfile.mkdtemp())
    database = Database(f"sqlite+aiosqlite:///{data}/punctual.db")
    vault = Vault(["a-secret-of-at-least-thirty-two-characters"])
    nowhere: Any = None
    settings = Settings(_env_file=None, data=data)  # type: ignore[call-arg]
    notices = catalogue.load()
    ours = Resources(settings, database, vault, LocalBus(), Subscriptions(vault), notices, nowhere)
    built = channels(ours)
    async with database.write() as db:
        await db.run_sync(metadata.create_all)
        await directory.put(db, REF.tenant, [user("asha", metadata={"pager": "7"}), user("ben")])
        for id_ in ("asha", "ben"):
            chosen = Preferences.model_validate({"categories": {"appointments": {"pager": True}}})
            await preferences.put(db, REF.tenant, id_, chosen, digest_at=None, now=NOW)
    others = {name: Recorder(name) for name in CHANNELS}
    office = Office(database, {**others, "inbox": Inbox(), "pager": built["pager"]})
    await office.plan()
    composed = await office.compose()
    request = DeliverRequest(ref=REF, key=REMINDER, channel="pager", until=START)
    await attempt(START - HOUR, office.delivering.deliver, request)
    async with database.read() as db:
        rows = await ledger.of_entity(db, REF)
    fates = {
        row.user_id: [row.outcome, row.reason] for row in rows if (row.channel, row.step_key) == ("pager", REMINDER)
    }
    listed = await get_catalogue(nowhere, ours)
    paged = (data / "pager.txt").read_text("utf-8").splitlines()
    await database.close()
    print(
        json.dumps(
            {
                "to_send": sorted(pending.channel for pending in composed.pending),
                "fates": fates,
                "paged": paged,
                "types": sum("pager" in item["channels"] for item in listed["items"]),
                "listed": listed["channels"][-1],
                "queue": ROUTED["pager"].queue,
                "simulated": "pager" in pretended(lambda _: True),
            }
        )
    )


asyncio.run(main())
