"""`/v1/notifications/{id}/deliveries`: how somebody was told of one notification."""

from datetime import timedelta

from api.story import Story
from store import ledger
from tests.api.conftest import World, assert_problem
from tests.store.rows import NOW, delivery, ref

STORY = "/v1/notifications/n1/deliveries"


async def test_its_owner_reads_what_became_of_it_by_every_channel(world: World) -> None:
    """Also by which it was not told and why, and until when it waits; nobody else's, and for nobody else."""
    await world.notify("asha", "n1")
    about = {"step_key": "step-n1", "type": "appointment.reminder"}
    due = NOW + timedelta(hours=9)
    rows = [
        delivery("d1", channel="inbox", outcome="sent", **about),
        delivery("d2", channel="email", outcome="deferred", reason="quiet_hours", due_at=due, **about),
        delivery("d3", channel="web_push", outcome="failed", reason="rejected", detail="410", **about),
        delivery("d4", channel="email", user_id="ben", **about),
        delivery("d5", channel="email", step_key="another"),
    ]
    async with world.ours.database.write() as db:
        await ledger.add(db, ref(), rows)
    answer = await world.call("GET", STORY)
    Story.model_validate_json(answer.content, strict=True)
    told = [
        {name: value for name, value in item.items() if value is not None and name not in ("created_at", "at")}
        for item in answer.json()["items"]
    ]
    assert told == [
        {"channel": "inbox", "outcome": "sent", "sent_at": "2026-11-20T09:00:00Z"},
        {"channel": "web_push", "outcome": "failed", "reason": "rejected", "detail": "410"},
        {"channel": "email", "outcome": "deferred", "reason": "quiet_hours", "due_at": "2026-11-20T18:00:00Z"},
    ]
    for who in ({"user": "ben"}, {"role": "admin", "user": "olga"}, {"tenant": "other"}):
        assert_problem(await world.call("GET", STORY, **who), 404)
    assert_problem(await world.call("GET", STORY, role="service"), 403)
