"""The Python contenders, each in a process of its own: `python -m benchmarks.push_senders NAME < work.json`.

Prints seconds and CPU seconds that `count` pushes took, after `warm` ones that do not count.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pywebpush import webpush

from activities.channels.base import Message
from activities.channels.web_push import DEADLINE, WebPush
from activities.channels.web_push_http import PushHttp
from activities.channels.web_push_payload import Payloads
from activities.channels.web_push_sender import Sender
from activities.channels.web_push_vapid import VapidKeys
from punctual.push_endpoints import allowed_origins
from store.engine import Database
from store.inbox import Notification
from store.subscriptions import Subscription, Subscriptions
from store.tables import metadata
from store.vault import Vault
from tests.world import user

NOW = datetime.now(UTC)
VAULT = Vault(["0123456789abcdef0123456789abcdef"])
HOME = "https://crm.example/"
Work = dict[str, Any]
Push = Callable[[int], Awaitable[Any]]


async def timed(work: Work, push: Push) -> None:
    """Runs the pushes, `in_flight` at a time."""

    async def lot(numbers: Sequence[int]) -> None:
        turns = iter(numbers)

        async def one_after_another() -> None:
            for number in turns:
                await push(number)

        await asyncio.gather(*(one_after_another() for _ in range(work["in_flight"])))

    await lot(range(work["warm"]))
    began, cpu = time.perf_counter(), time.process_time()
    await lot(range(work["count"]))
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}))


def _message(number: int, user_id: str) -> Message:
    note = Notification(
        id=f"n{number}", user_id=user_id, kind="appointment", entity_id="42", step_key="reminder",
        type="appointment.reminder", category="appointments", priority="high", title="10:00: Visit",
        message="Your appointment with Meera starts in one hour.", action_url="/appointments/42",
        action_text="Open appointment", actions=[], metadata={}, listed=True, created_at=NOW,
    )  # fmt: skip
    return Message("acme", f"d{number}", user(user_id), note, f"acme/{user_id}/42")


def _devices(work: Work) -> list[Subscription]:
    return [
        Subscription(f"s{n}", f"u{n}", one["endpoint"], one["keys"]["p256dh"], one["keys"]["auth"], "Browser", NOW)
        for n, one in enumerate(work["devices"])
    ]


def _keys(work: Work) -> VapidKeys:
    return VapidKeys([(work["private"], work["public"])], work["owner"])


async def sender(work: Work) -> None:
    """The guarded send: endpoint check, checked addresses, breaker, deadline, encryption, signature."""
    http = PushHttp(allowed_origins((work["origin"],)))
    sending = Sender(http, _keys(work), Payloads(HOME, VAULT, lambda: NOW), [work["origin"]], lambda: NOW)
    devices, plain = _devices(work), work["payload"].encode()

    async def push(number: int) -> None:
        device = devices[number % len(devices)]
        until = asyncio.get_running_loop().time() + DEADLINE
        answer = await sending.push(_message(number, device.user_id), plain, device, until)
        assert answer.kind == "sent"

    await timed(work, push)
    await http.close()


async def channel(work: Work) -> None:
    """The whole channel: it reads the person's browsers from the store and writes its own payload."""
    with tempfile.TemporaryDirectory(prefix="punctual-bench-") as folder:
        database, subscriptions = Database(f"sqlite+aiosqlite:///{Path(folder) / 'push.db'}"), Subscriptions(VAULT)
        devices = _devices(work)
        async with database.write() as db:
            await db.run_sync(metadata.create_all)
            for device in devices:
                await subscriptions.save(db, "acme", device)
        http = PushHttp(allowed_origins((work["origin"],)))
        pushing = WebPush(
            database, subscriptions, http, vapid=_keys(work), home=HOME, vault=VAULT, allowed=[work["origin"]]
        )

        async def push(number: int) -> None:
            result = await pushing.send(_message(number, devices[number % len(devices)].user_id))
            assert result.outcome == "sent"

        await timed(work, push)
        await pushing.close()
        await database.close()


async def webpush_per_call(work: Work) -> None:
    """pywebpush as its README shows it."""

    async def push(number: int) -> None:
        device = work["devices"][number % len(work["devices"])]
        webpush(device, work["payload"], vapid_private_key=work["private"], vapid_claims={"sub": work["owner"]})

    await timed(work, push)


CONTENDERS = {"sender": sender, "channel": channel, "webpush": webpush_per_call}


if __name__ == "__main__":
    asyncio.run(CONTENDERS[sys.argv[1]](json.load(sys.stdin)))
