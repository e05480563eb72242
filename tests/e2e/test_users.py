"""What users touch, on the real product: quiet hours, snoozes, expiry and search, by HTTP and by socket alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.eventually import eventually
from tests.product import Product

PATH = "/v1/notifications"


class Asha:
    """One user of a running product, who also has a socket open."""

    def __init__(self, product: Product, client: httpx.AsyncClient, address: str) -> None:
        self.product = product
        self.client = client
        self.address = address
        self.frames: list[dict[str, Any]] = []
        self._number = 0

    async def hear(self, socket: ClientConnection) -> None:
        async for text in socket:
            self.frames.append(json.loads(text))

    async def told(self, title: str, **data: Any) -> str:
        """A free message to her; its id in `GET /v1/entities/notification/{id}`."""
        self._number += 1
        body = {"title": title, "message": "Please look.", "recipients": {"user_ids": ["asha"]}, **data}
        event = {"specversion": "1.0", "id": f"e{self._number}", "source": "test", "type": "custom", "data": body}
        answer = (await self.client.post("/v1/events", json=event)).raise_for_status()
        return str(answer.json()["accepted"][0]["workflow_id"]).rsplit("/", 1)[-1]

    async def get(self, path: str) -> Any:
        return (await self.client.get(path)).raise_for_status().json()

    async def titles(self, **query: str) -> list[str]:
        answer = await self.client.get(PATH, params=query)
        return [item["title"] for item in answer.raise_for_status().json()["items"]]

    async def sees(self, *titles: str, **query: str) -> dict[str, dict[str, Any]]:
        """Waits until the list is exactly this; its items by title."""

        async def there() -> bool:
            return await self.titles(**query) == list(titles)

        await eventually(there)
        answer = await self.client.get(PATH, params=query)
        return {item["title"]: item for item in answer.json()["items"]}

    async def tag(self) -> tuple[int, str]:
        answer = await self.client.get(f"{PATH}/unread-count")
        return answer.json()["count"], answer.headers["ETag"]

    def mails(self) -> list[str]:
        texts = [path.read_text("utf-8") for path in sorted((self.product.data / "outbox").glob("*.eml"))]
        return [text for text in texts if self.address in text]

    async def fate(self, id_: str) -> dict[str, tuple[str, str | None]]:
        timeline = (await self.get(f"/v1/entities/notification/{id_}"))["timeline"]
        told = [one for step in timeline for one in step["recipients"]]
        return {one["channel"]: (one["outcome"], one["reason"]) for one in told}


@asynccontextmanager
async def _asha(product: Product, tenant: str) -> AsyncIterator[Asha]:
    async with product.client("admin", tenant=tenant) as client:
        address = f"asha@{tenant}.example"
        person = {"name": "Asha Rao", "email": address, "timezone": "Asia/Kolkata"}
        (await client.put("/v1/users/asha", json=person)).raise_for_status()
        asha = Asha(product, client, address)
        token = client.headers["Authorization"].removeprefix("Bearer ")
        async with connect(f"{product.url.replace('http', 'ws')}/v1/ws") as socket:
            await socket.send(json.dumps({"type": "auth", "token": token}))
            hearing = asyncio.create_task(asha.hear(socket))
            yield asha
            hearing.cancel()


async def test_what_users_do_with_a_running_product(product: Product, tenant: str) -> None:
    """Time-driven changes come by themselves, what quiet hours held back comes when they end, and search finds."""
    async with _asha(product, tenant) as asha:
        await _snooze_and_expiry(asha)
        await _quiet_hours(asha)


async def _snooze_and_expiry(asha: Asha) -> None:
    """Count, list, ETag and the open socket follow the clock though nobody does anything."""
    await asha.told("Stays: Jürgen's offer")
    await asha.sees("Stays: Jürgen's offer")
    soon = datetime.now(UTC) + timedelta(seconds=4)
    await asha.told("Goes away", expires_at=soon.isoformat())
    items = await asha.sees("Goes away", "Stays: Jürgen's offer")
    assert await asha.titles(q="jurgen OFF") == ["Stays: Jürgen's offer"]
    assert await asha.titles(q="nowhere") == []
    stays, goes = items["Stays: Jürgen's offer"]["id"], items["Goes away"]["id"]
    # What the clock changes within a second is told by one frame: these two are to be told by one each.
    patch = {"snoozed_until": (soon + timedelta(seconds=2)).isoformat()}
    (await asha.client.patch(f"{PATH}/{stays}", json=patch)).raise_for_status()
    count, tag = await asha.tag()
    assert count == 1
    assert (await asha.client.get(f"{PATH}/unread-count", headers={"If-None-Match": tag})).status_code == 304
    await asha.sees("Stays: Jürgen's offer", status="unread")
    assert datetime.now(UTC) >= soon
    assert (await asha.client.get(f"{PATH}/{goes}")).status_code == 404
    assert (await asha.tag())[0] == 1
    assert (await asha.tag())[1] != tag

    async def heard() -> bool:
        woken = [
            f for f in asha.frames if f["type"] == "notification_updated" and not f["notification"]["snoozed_until"]
        ]
        return bool(woken) and any(f["type"] == "notification_deleted" and f["id"] == goes for f in asha.frames)

    await eventually(heard)
    versions = [frame["version"] for frame in asha.frames if "version" in frame]
    assert versions == sorted(versions)


async def _quiet_hours(asha: Asha) -> None:
    """Two important things are held back, an urgent one is not; switching the quiet off brings one summary."""
    start = f"{datetime.now(UTC) - timedelta(hours=1):%H:%M}"
    end = f"{datetime.now(UTC) + timedelta(hours=2):%H:%M}"
    quiet = {"quiet_hours": {"enabled": True, "start": start, "end": end, "timezone": "UTC"}}
    (await asha.client.put("/v1/preferences", json=quiet)).raise_for_status()
    held = [await asha.told(f"Important {number}", priority="high") for number in (1, 2)]
    await asha.told("Urgent", priority="urgent")

    async def decided() -> bool:
        fates = [await asha.fate(id_) for id_ in held]
        return len(asha.mails()) == 1 and all(fate.get("email") == ("deferred", "quiet_hours") for fate in fates)

    await eventually(decided)
    assert "Subject: Urgent" in asha.mails()[0]
    (await asha.client.put("/v1/preferences", json={})).raise_for_status()

    async def sent() -> bool:
        return [(await asha.fate(id_)).get("email") for id_ in held] == [("sent", None)] * 2

    await eventually(sent)
    assert sum("2 notifications from your quiet hours" in mail for mail in asha.mails()) == 1
    assert len(asha.mails()) == 2
