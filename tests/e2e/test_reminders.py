"""The main job on the real product: every reminder on all four channels, in order, never early, and never stale."""

import asyncio
import email
import email.policy
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client
from temporalio.common import RawValue
from websockets.asyncio.client import connect

from tests.channels.push_service import PushService
from tests.conftest import BIN
from tests.eventually import eventually
from tests.product import Product

ROOT = Path(__file__).parent.parent.parent
SECOND = timedelta(seconds=1)
PLANTED = {"name": "Zebediah Quill", "place": "Hidden Bay 7", "title": "Planted secret subject"}


@dataclass
class Live:
    """The product with a push service beside it, and everything that asha's four channels got, as it came."""

    product: Product
    push: PushService
    client: httpx.AsyncClient
    tenant: str
    frames: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    number: int = 0

    @property
    def address(self) -> str:
        return f"asha@{self.tenant}.example"

    async def tell(self, type_: str, id_: str, starts_at: datetime, **more: Any) -> dict[str, Any]:
        """Posts an appointment event about `id_`; the event."""
        self.number += 1
        event = {
            "specversion": "1.0", "id": f"e{self.number}", "source": "crm", "type": f"appointment.{type_}",
            "time": datetime.now(UTC).isoformat(),
            "data": {
                "id": id_, "title": PLANTED["title"], "customer_name": PLANTED["name"],
                "location": PLANTED["place"], "starts_at": starts_at.isoformat(), "assignee_ids": ["asha"], **more,
            },
        }  # fmt: skip
        (await self.client.post("/v1/events", json=event)).raise_for_status()
        return event

    async def inbox(self, type_: str = "appointment.reminder") -> list[dict[str, Any]]:
        """Oldest first."""
        answer = await self.client.get(f"/v1/notifications?type={type_}&limit=100")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items[::-1]

    def mails(self) -> list[str]:
        """The plain texts of all mails to her."""
        texts = []
        for path in (self.product.data / "outbox").glob("*.eml"):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if self.address not in mail["To"]:
                continue
            body = mail.get_body(("plain",))
            assert body is not None
            texts.append(str(body.get_content()))
        return texts

    def live(self, type_: str = "appointment.reminder") -> list[str]:
        """The entity ids of live notifications of a type, in order of arrival."""
        return [
            frame["notification"]["entity"]["id"] for _, frame in self.frames
            if frame["type"] == "new_notification" and frame["notification"]["type"] == type_
        ]  # fmt: skip

    def pushed(self, text: str) -> list[dict[str, Any]]:
        mine = [push.document for push in self.push.received if push.device == self.tenant]
        return [document for document in mine if text in document["notification"]["body"]]


@pytest.fixture
async def live(product: Product, push: PushService, tenant: str) -> AsyncIterator[Live]:
    """A browser of asha's, subscribed to Web Push, and a socket that listens."""
    async with product.client(tenant=tenant) as client:
        world = Live(product, push, client, tenant)
        person = {"name": "Asha Rao", "email": world.address}
        (await client.put("/v1/users/asha", json=person)).raise_for_status()
        device = push.add(tenant)
        keys = {"p256dh": device.p256dh, "auth": device.auth}
        subscription = {"endpoint": device.endpoint, "expirationTime": None, "keys": keys}
        (await client.post("/v1/push/subscriptions", json=subscription)).raise_for_status()
        policy = {"reminders": [{"before": "PT5S"}, {"before": "PT2S"}], "overdue_after": None}
        (await client.put("/v1/admin/policies/appointment", json=policy)).raise_for_status()
        async with connect(product.url.replace("http", "ws") + "/v1/ws") as socket:
            token = client.headers["Authorization"].removeprefix("Bearer ")
            await socket.send(json.dumps({"type": "auth", "token": token}))
            assert json.loads(await socket.recv())["type"] == "ready"

            async def listen() -> None:
                async for text in socket:
                    world.frames.append((datetime.now(UTC), json.loads(text)))

            listening = asyncio.create_task(listen())
            yield world
            listening.cancel()


async def test_two_reminders_on_four_channels_follow_every_move_and_stop_with_the_cancellation(live: Live) -> None:
    """Kept: twice on each channel, in order, never early. Moved: never at the old time. Cancelled: never."""
    now = datetime.now(UTC).replace(microsecond=0)
    kept, moved, gone = now + 9 * SECOND, now + 8 * SECOND, now + 8 * SECOND
    await live.tell("scheduled", "kept", kept)
    await live.tell("scheduled", "moved", moved)
    await live.tell("scheduled", "gone", gone)
    later = now + 13 * SECOND
    await live.tell("rescheduled", "moved", later)

    async def planned() -> bool:
        # Heard together, an appointment and its cancellation leave no reminder to supersede.
        answer = await live.client.get("/v1/entities/appointment/gone")
        return answer.status_code == 200 and any("reminder" in step["type"] for step in answer.json()["timeline"])

    await eventually(planned, within=30)
    await live.tell("cancelled", "gone", gone)

    async def all_told() -> bool:
        return len(await live.inbox()) >= 4 and len(live.mails()) >= 6 and len(live.live()) >= 4

    await eventually(all_told, within=30)
    told = [(item["entity"]["id"], datetime.fromisoformat(item["created_at"])) for item in await live.inbox()]
    due = [("kept", kept - 5 * SECOND), ("kept", kept - 2 * SECOND)]
    due += [("moved", later - 5 * SECOND), ("moved", later - 2 * SECOND)]
    assert [id_ for id_, _ in told] == [id_ for id_, _ in sorted(due, key=lambda pair: pair[1])]
    assert all(at >= instant for (_, at), (_, instant) in zip(told, sorted(due, key=lambda p: p[1]), strict=True))
    assert live.live() == [id_ for id_, _ in told]
    assert len(live.pushed("starts in")) == 4
    assert len([text for text in live.mails() if "starts in" in text]) == 4
    answer = (await live.client.get("/v1/entities/appointment/gone")).json()
    reminders = {step["outcome"]: step["reason"] for step in answer["timeline"] if "reminder" in step["type"]}
    assert (answer["state"], reminders) == ("closed", {"superseded": "cancelled"})

    await _found_by_operators(live)
    await _nothing_readable(live)


async def _found_by_operators(live: Live) -> None:
    """Each appointment is found in Temporal by tenant, kind and stage; its timeline can be asked for."""
    client = await Client.connect(f"127.0.0.1:{live.product.environment['TEMPORAL_PORT']}")
    for stage, ids in (("open", {"kept", "moved"}), ("closed", {"gone"})):
        query = f'PunctualTenant="{live.tenant}" AND PunctualKind="appointment" AND PunctualStage="{stage}"'

        async def found(query: str = query, ids: set[str] = ids) -> bool:
            return {run.id.split("/")[2] async for run in client.list_workflows(query)} == ids

        await eventually(found)


async def _nothing_readable(live: Live) -> None:
    """Histories hold no planted name, title, place or address; logs hold no token and no endpoint."""
    client = await Client.connect(f"127.0.0.1:{live.product.environment['TEMPORAL_PORT']}")
    dumps = [
        (await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()).to_json()
        async for run in client.list_workflows(f'PunctualTenant="{live.tenant}"')
    ]
    assert len(dumps) == 3
    for secret in [*PLANTED.values(), "Zebediah", live.address, live.push.origin]:
        encoded = secret.encode().hex()
        assert not any(secret in dump or encoded in dump for dump in dumps), secret
    printed = live.product.output.partition("Punctual is up")[2].partition("Data  ")[2]
    logs = printed + (live.product.data / "temporal.log").read_text("utf-8", "replace")
    token = live.client.headers["Authorization"].removeprefix("Bearer ")
    for secret in [token, "planted-endpoint-secret", "planted-token", *PLANTED.values()]:
        assert secret not in logs


async def test_events_sent_three_times_and_out_of_order_tell_once(live: Live) -> None:
    """Through the HTTP API: duplicates change nothing, and the last event's notice comes once."""
    now = datetime.now(UTC).replace(microsecond=0)
    first = await live.tell("scheduled", "42", now + timedelta(hours=2))
    last = await live.tell("rescheduled", "42", now + timedelta(hours=3))
    batch = [last, first, last, first, last]
    headers = {"content-type": "application/cloudevents-batch+json"}
    answer = await live.client.post("/v1/events", content=json.dumps(batch), headers=headers)
    assert [item["workflow_id"] for item in answer.json()["accepted"]] == [f"{live.tenant}/appointment/42"] * 5

    async def told() -> bool:
        return len(await live.inbox("appointment.rescheduled")) == 1

    await eventually(told)
    cancelled = await live.tell("cancelled", "42", now + timedelta(hours=3))
    client = await Client.connect(f"127.0.0.1:{live.product.environment['TEMPORAL_PORT']}")
    life = client.get_workflow_handle(f"{live.tenant}/appointment/42", result_type=RawValue)
    await asyncio.wait_for(life.result(), 20)
    before = len((await live.client.get("/v1/notifications?limit=100")).json()["items"])
    again = await live.client.post("/v1/events", json=[first, last, cancelled])
    assert again.status_code == 202
    await asyncio.wait_for(life.result(), 20)
    assert len((await live.client.get("/v1/notifications?limit=100")).json()["items"]) == before


async def test_it_can_be_told_from_python_and_from_any_language(product: Product) -> None:
    """The README's example runs as it stands, and so does Temporal's command line with plain JSON."""
    environment = {**product.environment, "PYTHONPATH": str(ROOT)}
    told = await asyncio.to_thread(
        subprocess.run, [sys.executable, str(ROOT / "examples" / "tell.py")], env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.stdout.startswith("demo/appointment/example-"), told.stderr
    now = datetime.now(UTC)
    event = {
        "id": "cli", "type": "appointment.scheduled", "time": now.isoformat(),
        "data": {
            "id": "cli", "title": "From afar", "customer_name": "Meera",
            "starts_at": (now + timedelta(hours=2)).isoformat(), "assignee_ids": ["asha"],
        },
    }  # fmt: skip
    command = [
        str(BIN / "temporal"), "workflow", "signal-with-start", "--type", "Appointment", "--task-queue", "punctual",
        "--workflow-id", "demo/appointment/cli", "--input", "null", "--signal-name", "event",
        "--signal-input", json.dumps(event), "--address", f"127.0.0.1:{environment['TEMPORAL_PORT']}",
    ]  # fmt: skip
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True, capture_output=True)

    async with product.client() as client:

        async def both() -> bool:
            answer = await client.get("/v1/notifications?type=appointment.scheduled")
            titles = " ".join(item["title"] for item in answer.json()["items"])
            return "From afar" in titles and "Quarterly review" in titles

        await eventually(both)
