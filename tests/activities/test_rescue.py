"""What an admin has sent again is sent, also where whoever wrote that down died before telling anybody."""

import pytest
from temporalio.exceptions import ApplicationError

from activities.channels.base import Result
from activities.rescue import LATE, Rescue
from punctual.protocol import Ref
from store import directory, inbox, ledger, retries
from store.engine import Database
from tests.activities.night import Night
from tests.store.plans import plans
from tests.store.rows import MINUTE, NOW, delivery, note, ref
from tests.world import user

LATER = NOW + LATE + MINUTE
DAILY = Ref(tenant="acme", kind="digest", id="daily")


async def test_what_nobody_has_begun_to_send_again_is_told_to_its_workflow(database: Database) -> None:
    """Of all tenants, until it is begun; not what is sent for the first time, and not digests."""
    night = Night(database)
    async with database.write() as db:
        await directory.put(db, "acme", [user("asha")])
        await inbox.add(db, "acme", [note()])
        for where in (ref(), ref(tenant="other"), DAILY):
            await ledger.add(db, where, [delivery(where.kind, outcome="failed", reason="rejected")])
            await retries.send_again(db, where.tenant, [where.kind], NOW)
        await ledger.add(db, ref("first"), [delivery("first")])
    rescue = Rescue(database, night.looks)  # type: ignore[arg-type]
    assert await rescue.once(NOW + MINUTE) == 0
    assert await rescue.once(LATER) == 2
    assert sorted(id_ for id_, *_ in night.looks.asked) == ["acme/appointment/42", "other/appointment/42"]
    night.channel.answers = [Result("retry")]
    with pytest.raises(ApplicationError, match="to be tried again"):
        await night.deliver(LATER, ref(), delivery().step_key)
    async with database.read() as db:
        assert await retries.untaken(db, LATER) == [ref(tenant="other")]


async def test_looking_for_it_costs_an_index_that_is_nearly_empty(database: Database) -> None:
    """Once a minute, of all tenants: never all deliveries."""
    async with database.write() as db:
        if db.dialect.name == "postgresql":
            await db.exec_driver_sql("SET LOCAL enable_seqscan = off")
        [plan] = await plans(db, lambda db: retries.untaken(db, NOW))
    assert "ix_deliveries_untaken" in plan, plan
