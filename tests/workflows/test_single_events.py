"""Single events in virtual time: told once, to whom they concern, at their time and not after they expire."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities import audience
from punctual.client import TASK_QUEUE
from tests.world import World, user

MINUTE, H = timedelta(minutes=1), timedelta(hours=1)


def entity_id(id_: str) -> str:
    return hashlib.sha256(f"crm\0{id_}".encode()).hexdigest()[:32]


async def post(world: World, id_: str, type_: str, **data: Any) -> WorkflowHandle[Any, Any]:
    """Signals as any client may: no time, no source."""
    world.kind = "notification"
    event = {"id": id_, "type": type_, "data": data}
    return await world.client.start_workflow(
        "Notification", None, id=world.ref(entity_id(id_)).workflow_id, task_queue=TASK_QUEUE,
        start_signal="event", start_signal_args=[event],
    )  # fmt: skip


async def test_it_is_told_once_to_whom_it_concerns(world: World) -> None:
    """The same source and id again changes nothing, even when its workflow is over."""
    for _ in range(3):
        handle = await post(world, "p1", "payment.received", id="p1", amount=120, currency="INR", payee_id="asha")
        await handle.result()
    assert await world.types() == ["payment.received"]
    assert await world.types("ravi") == []
    assert await world.state(entity_id("p1")) == "closed"


async def test_its_own_recipients_replace_the_audience(world: World) -> None:
    """People, roles and teams, each once; who is not in the directory shows as unknown."""
    await world.people(user("lena", roles=["admin"], teams=["north"]), user("ben", teams=["north"]))
    recipients = {"user_ids": ["ben", "ghost"], "roles": ["admin"], "teams": ["north"]}
    handle = await post(world, "c1", "custom", title="Hello", message="Lunch", recipients=recipients)
    await handle.result()
    assert [await world.types(name) for name in ("asha", "lena", "ben")] == [[], ["custom"], ["custom"]]
    rows = {(d.user_id, d.outcome, d.reason) for d in await world.deliveries(entity_id("c1")) if d.channel == "inbox"}
    assert rows == {("ben", "sent", None), ("lena", "sent", None), ("ghost", "withheld", "unknown_user")}


async def test_a_whole_tenant_is_told_page_by_page(world: World) -> None:
    """Everybody once, also beyond one transaction's page."""
    count = 2 * audience.PAGE + 3
    await world.people(*(user(f"u{number:04}") for number in range(count)))
    handle = await post(world, "s1", "system.maintenance", title="Tonight", message="We are back at six.")
    await handle.result()
    rows = [d for d in await world.deliveries(entity_id("s1")) if d.channel == "inbox"]
    assert (len(rows), {row.outcome for row in rows}) == (count + 2, {"sent"})


async def test_it_waits_for_its_time(world: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """send_at is an instant not before which nothing is told."""
    at = (now + 5 * H).isoformat()
    handle = await post(
        world, "c2", "custom", title="Later", message="x", recipients={"user_ids": ["asha"]}, send_at=at
    )
    await virtual.sleep(5 * H - MINUTE)
    assert await world.types() == []
    assert await world.state(entity_id("c2")) == "open"
    await handle.result()
    (note,) = await world.inbox()
    assert timedelta(0) <= note.created_at - (now + 5 * H) < timedelta(seconds=2)


async def test_what_has_expired_is_not_told(world: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """It says so instead."""
    gone = (now - MINUTE).isoformat()
    data = {"title": "Old", "message": "x", "recipients": {"user_ids": ["asha"]}, "expires_at": gone}
    await (await post(world, "c3", "custom", **data)).result()
    assert await world.types() == []
    assert list((await world.timeline(entity_id("c3"))).values()) == [("expired", "expired")]


async def test_of_several_with_one_dedupe_key_the_first_is_told(world: World) -> None:
    """The others are superseded, and say so."""
    for number in range(3):
        data = {
            "product_name": "Fan",
            "quantity": number,
            "dedupe_key": "fan-low",
            "recipients": {"user_ids": ["asha"]},
        }
        await (await post(world, f"l{number}", "inventory.low_stock", **data)).result()
    assert await world.types() == ["inventory.low_stock"]
    assert list((await world.timeline(entity_id("l2"))).values()) == [("superseded", "stale")]


async def test_what_the_catalogue_does_not_know_is_a_refused_row(world: World) -> None:
    """A direct caller's unknown type, unknown field or wrong id never wedges a workflow."""
    for id_, type_, data in (
        ("x1", "no.such_type", {}),
        ("x2", "custom", {"title": "t", "message": "m", "colour": 1}),
    ):
        await (await post(world, id_, type_, **data)).result()
        assert list((await world.timeline(entity_id(id_))).values()) == [("failed", "rejected")]


async def test_an_event_says_how_urgent_it_is(world: World) -> None:
    """Priority, words of the action, link and metadata come from the event."""
    await (
        await post(
            world,
            "c4",
            "custom",
            title="Now",
            message="x",
            recipients={"user_ids": ["asha"]},
            priority="urgent",
            action_url="/deals/7",
            action_text="Open deal",
            metadata={"deal": 7},
        )
    ).result()
    (note,) = await world.inbox()
    assert (note.priority, note.action_url, note.action_text, note.metadata) == (
        "urgent", "/deals/7", "Open deal", {"deal": 7},
    )  # fmt: skip
    assert [m.notification.id for m in world.channels["email"].sent] == [note.id]
