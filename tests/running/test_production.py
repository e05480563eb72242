"""API and worker as processes of their own: PostgreSQL, Valkey and a Temporal between them."""

import asyncio
import json
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import text
from temporalio.testing import WorkflowEnvironment
from websockets.asyncio.client import ClientConnection, connect

from running import keys
from store.engine import Database
from tests.conftest import BIN
from tests.eventually import eventually
from tests.product import Product


@asynccontextmanager
async def _process(name: str, environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """`punctual NAME`, stopped as a supervisor stops it."""
    process = await asyncio.create_subprocess_exec(str(BIN / "punctual"), name, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) in (0, -signal.SIGTERM)


async def _database(postgres: str) -> str:
    """A fresh database; its URL."""
    name = f"p{uuid.uuid4().hex[:12]}"
    server = Database(postgres)
    async with server.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await server.close()
    return postgres.replace("/postgres?", f"/{name}?")


async def _socket(url: str, token: str) -> ClientConnection:
    socket = await connect(url.replace("http", "ws") + "/v1/ws")
    await socket.send(json.dumps({"type": "auth", "token": token}))
    assert json.loads(await socket.recv())["type"] == "ready"
    return socket


async def test_what_the_worker_tells_reaches_the_sockets_of_every_api_process(
    tmp_path: Path, postgres: str, valkey: str, temporal: WorkflowEnvironment
) -> None:
    """A notification composed by the worker, and a change made through one API, arrive at a socket of the other."""
    first, second = Product(tmp_path), Product(tmp_path)
    shared = {
        "DATABASE_URL": await _database(postgres), "REDIS_URL": valkey, "SECRET_KEYS": keys.secret(),
        "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host, "LOG_FORMAT": "json",
    }  # fmt: skip
    for product in (first, second):
        product.environment.update(shared)
        product.environment["TEMPORAL_PAYLOAD_KEYS"] = "k1:" + "A" * 43
    migrated = await asyncio.to_thread(first.command, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    async with (
        _process("worker", first.environment), _process("api", first.environment),
        _process("api", second.environment), first.client("admin", "asha", "acme") as one,
        second.client("admin", "asha", "acme") as two,
    ):  # fmt: skip
        for client in (one, two):

            async def ready(client: httpx.AsyncClient = client) -> bool:
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.ConnectError:
                    return False

            await eventually(ready, within=30)
        (await one.put("/v1/users/asha", json={"name": "Asha Rao"})).raise_for_status()
        socket = await _socket(second.url, two.headers["Authorization"].removeprefix("Bearer "))
        event = {
            "id": "e1", "type": "appointment.scheduled", "time": datetime.now(UTC).isoformat(),
            "data": {
                "id": uuid.uuid4().hex, "title": "Visit", "customer_name": "Meera",
                "starts_at": (datetime.now(UTC) + timedelta(hours=2)).isoformat(), "assignee_ids": ["asha"],
            },
        }  # fmt: skip
        (await one.post("/v1/events", json=event)).raise_for_status()
        async with asyncio.timeout(20):
            # A process that has just subscribed to the bus tells its sockets how many are unread.
            while (frame := json.loads(await socket.recv()))["type"] == "unread_count":
                pass
            assert (frame["type"], frame["unread_count"]) == ("new_notification", 1)
            id_ = frame["notification"]["id"]
            (await one.patch(f"/v1/notifications/{id_}", json={"read": True})).raise_for_status()
            while (frame := json.loads(await socket.recv()))["type"] == "unread_count":
                pass
            assert (frame["type"], frame["unread_count"]) == ("notification_updated", 0)
        await socket.close()
