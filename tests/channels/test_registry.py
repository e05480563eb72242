"""The channels as a worker gets them: found by name, built from the settings."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from activities.channels.base import Channel
from activities.channels.registry import channels
from punctual.channels import CHANNELS
from resources import Resources
from settings import Settings
from store.bus import LocalBus
from store.engine import Database
from store.subscriptions import Subscriptions
from store.vault import Vault
from tests.channels.conftest import ABOUT, message
from tests.channels.push_service import OWNER, KeyPair
from tests.world import TENANT, user

SLOW = [name for name, spec in CHANNELS.items() if spec.slow]


@pytest.fixture
async def built(sqlite: Database, tmp_path: Path) -> AsyncIterator[Any]:
    """Builds all channels from settings; closes them in the end."""
    made: list[Channel] = []
    vault = Vault(["0123456789abcdef0123456789abcdef"])

    def build(**values: Any) -> dict[str, Channel]:
        settings = Settings(_env_file=None, data=tmp_path, public_url="https://crm.example", **values)
        nowhere: Any = None
        resources = Resources(settings, sqlite, vault, LocalBus(), Subscriptions(vault), {}, nowhere)
        found = channels(resources)
        made.extend(found.values())
        return found

    yield build
    for channel in made:
        await channel.close()


async def test_without_settings_the_slow_channels_are_off(sqlite: Database, built: Any) -> None:
    """All channels are there, and those that lack a setting say so."""
    found = built()
    assert list(found) == list(CHANNELS)
    async with sqlite.read() as db:
        for name in SLOW:
            assert await found[name].unreachable(db, TENANT, [user("asha")], ABOUT) == {"asha": "channel_off"}
    for name in SLOW:
        result = await found[name].send(message())
        assert (result.outcome, result.reason) == ("withheld", "channel_off")


async def test_with_settings_they_know_whom_they_reach(sqlite: Database, built: Any, tmp_path: Path) -> None:
    """Keys turn Web Push on, `outbox:` writes into DATA, and Apprise needs its URLs."""
    keys = KeyPair()
    vapid = {"vapid_private_key": keys.private, "vapid_public_key": keys.public, "vapid_claims_email": OWNER}
    apprise = {"sms_url": "json://127.0.0.1:1/{phone}", "chat_targets": "sales=json://127.0.0.1:1"}
    found = built(**vapid, **apprise, email_url="outbox:")
    async with sqlite.read() as db:
        assert await found["web_push"].unreachable(db, TENANT, [user("asha")], ABOUT) == {"asha": "no_subscription"}
        assert await found["email"].unreachable(db, TENANT, [user("asha")], ABOUT) == {}
        for name, changes in (("sms", {"phone": "+14155550100"}), ("chat", {"metadata": {"chat": "sales"}})):
            people = [user("asha", **changes), user("ben")]
            assert await found[name].unreachable(db, TENANT, people, ABOUT) == {"ben": "no_address"}
    assert (await found["email"].send(message())).outcome == "sent"
    assert b"https://crm.example/appointments/42" in (tmp_path / "outbox" / "d1.eml").read_bytes()
