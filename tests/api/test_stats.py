"""`/v1/admin/stats`: what a tenant's deliveries came to."""

from datetime import UTC, datetime, timedelta

import pytest

from api.stats import Figures, Stats
from store import ledger, receipts
from tests.api.conftest import World, assert_problem
from tests.store.rows import delivery, ref

STATS = "/v1/admin/stats"
DAY = timedelta(days=1)


async def _told(world: World, at: datetime, tenant: str = "acme") -> None:
    """Two mails, one of them opened, and a push that there was no device for."""
    about = {"type": "task.assigned", "at": at}
    rows = [
        *(delivery(id_, step_key=id_, outcome="sent", **about) for id_ in ("opened", "sent")),
        delivery("push", channel="web_push", outcome="withheld", reason="no_subscription", **about),
    ]
    async with world.ours.database.write() as db:
        await ledger.add(db, ref(tenant=tenant), rows)
        await receipts.heard(db, tenant, "opened", "opened", at)


async def test_the_last_seven_days_are_counted_unless_it_is_said_otherwise(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole days of UTC, today included; another tenant's are its own, and only admins may ask."""
    today = datetime(2026, 11, 20, tzinfo=UTC)
    monkeypatch.setattr("api.stats.now", lambda: today + DAY / 2)
    await _told(world, today)
    await _told(world, today, tenant="other")
    async with world.ours.database.write() as db:
        await ledger.add(db, ref(), [delivery("old", step_key="old", at=today - 7 * DAY)])
    answer = await world.call("GET", STATS, role="admin")
    Stats.model_validate_json(answer.content, strict=True)
    body = answer.json()
    days = [(datetime.fromisoformat(body[name]) - today) // DAY for name in ("from", "to")]
    assert days == [-6, 1]
    nothing = dict.fromkeys(Figures.model_fields, 0)
    about = {"day": f"{today:%Y-%m-%d}", "type": "task.assigned"}
    mails, pushes = {"sent": 2, "delivered": 1, "opened": 1}, {"withheld": 1}
    assert body["items"] == [
        {**nothing, **about, "channel": "email", **mails},
        {**nothing, **about, "channel": "web_push", **pushes},
    ]
    assert body["totals"] == {**nothing, **mails, **pushes, "withheld_reasons": {"no_subscription": 1}}
    assert_problem(await world.call("GET", STATS, role="service"), 403)


async def test_a_span_is_of_instants_or_plain_days(world: World) -> None:
    """From its beginning on and before its end."""
    await _told(world, datetime(2026, 3, 2, 12, tzinfo=UTC))
    for since, until, sent in (
        ("2026-03-02", "2026-03-03", 2),
        ("2026-03-02T12:00:00Z", "2026-03-02T14:00:00.5%2B01:30", 2),
        ("2026-03-01", "2026-03-02", 0),
        ("2026-03-02", "2026-03-02T12:00:00Z", 0),
    ):
        body = (await world.call("GET", f"{STATS}?from={since}&to={until}", role="admin")).json()
        assert body["totals"]["sent"] == sent, since


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-03-02T12:00:00", "from"),
        ("from=2026-03-02&to=2026-03-02", "to"),
        ("from=2199-01-01", "from"),
        ("from=2026-01-01&to=2026-04-04", "from"),
        ("since=2026-01-01", "since"),
    ],
)
async def test_a_span_that_cannot_be_is_refused_by_name(world: World, query: str, field: str) -> None:
    """No time, none there is, without an offset, empty, to come, longer than 92 days, by another name."""
    body = assert_problem(await world.call("GET", f"{STATS}?{query}", role="admin"), 422)
    assert [error["field"] for error in body["errors"]] == [field]
