"""What the tests of the slow channels share."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.channels.base import Message
from activities.channels.web_push import WebPush
from activities.channels.web_push_http import PushHttp
from activities.channels.web_push_vapid import VapidKeys
from punctual.preferences import About
from punctual.push_endpoints import allowed_origins
from store.engine import Database
from store.inbox import Notification
from store.subscriptions import Subscription, Subscriptions
from store.vault import Vault
from tests.channels.push_service import OWNER, PushService, running
from tests.world import TENANT, user

ABOUT = About("appointment.reminder", "appointments", "high")
HOME = "https://crm.example/"
VAULT = Vault(["0123456789abcdef0123456789abcdef"])
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def note(**changes: Any) -> Notification:
    """A notification for asha."""
    values: dict[str, Any] = {
        "id": "n1", "user_id": "asha", "kind": "appointment", "entity_id": "42", "step_key": "reminder:PT1H",
        "type": "appointment.reminder", "category": "appointments", "priority": "high", "title": "10:00: Visit",
        "message": "Your appointment with Meera starts in one hour.", "action_url": "/appointments/42",
        "action_text": "Open appointment", "actions": [{"action": "open", "title": "Open appointment"}],
        "metadata": {}, "listed": True, "created_at": NOW,
    }  # fmt: skip
    return Notification(**{**values, **changes})


def message(**changes: Any) -> Message:
    """A message to asha."""
    values: dict[str, Any] = {
        "tenant": TENANT, "delivery_id": "d1", "user": user("asha"), "notification": note(),
        "collapse": "acme/appointment/42/appointment.reminder", "unread": 3,
    }  # fmt: skip
    return Message(**{**values, **changes})


@pytest.fixture
async def push_service() -> AsyncIterator[PushService]:
    async with running() as service:
        yield service


@dataclass
class Desk:
    """The Web Push channel on a real store."""

    database: Database
    subscriptions: Subscriptions
    make: Callable[..., WebPush]

    async def subscribe(self, *devices: Subscription) -> None:
        async with self.database.write() as db:
            for device in devices:
                await self.subscriptions.save(db, TENANT, device)

    async def subscribed(self) -> list[str]:
        async with self.database.read() as db:
            return [device.id for device in await self.subscriptions.of(db, TENANT, "asha")]


@pytest.fixture
async def desk(sqlite: Database, push_service: PushService) -> AsyncIterator[Desk]:
    """Makes channels that may talk to `push_service`."""
    subscriptions = Subscriptions(VAULT)
    made: list[WebPush] = []

    def make(*more: str, **options: Any) -> WebPush:
        allowed = [push_service.origin, *more]
        http = options.pop("http", None) or PushHttp(allowed_origins(tuple(allowed)))
        options = {
            "vapid": VapidKeys([(keys.private, keys.public) for keys in (push_service.vapid,)], OWNER),
            "home": HOME,
            "vault": VAULT,
            "allowed": allowed,
            **options,
        }
        made.append(WebPush(sqlite, subscriptions, http, **options))
        return made[-1]

    yield Desk(sqlite, subscriptions, make)
    for channel in made:
        await channel.close()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were looked up and the addresses that were dialled; none of it leads anywhere."""
    tried: list[str] = []

    async def resolve(_: Any, host: str, *more: Any, **options: Any) -> Any:
        tried.append(host)
        raise OSError("no names here")

    async def connect(*, addr_infos: Any, **options: Any) -> Any:
        tried.extend(address[4][0] for address in addr_infos)
        raise OSError("no network here")

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    monkeypatch.setattr("aiohappyeyeballs.start_connection", connect)
    return tried
