"""Thousands of messages through push services that are ill in every way: each device hears each once, in effect."""

import pytest
from structlog.testing import capture_logs

from store.engine import Database
from tests.channels.push_campaign import FAULTS, SICK, Campaign, campaign
from tests.channels.push_checker import findings
from tests.channels.push_script import AMBIGUOUS

SEED = 8030


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a service is slow when it says so; a machine that is slow is no reason to leave anybody alone."""
    monkeypatch.setattr("activities.channels.web_push_breaker.PATIENCE", 60.0)


async def _lived(database: Database, messages: int) -> Campaign:
    """A campaign to its end, in which each service could verify and read whatever came to it."""
    async with campaign(database, SEED) as world:
        with capture_logs():
            await world.populate(messages // 4)
            await world.run(await world.compose(messages))
    for service in world.services.values():
        assert service.malformed == []
        assert service.elsewhere == 0
    return world


async def test_each_device_hears_each_message_once_in_effect(sqlite: Database) -> None:
    """300 messages, with each fault there is; the other devices and tenants hear theirs at once all the same."""
    world = await _lived(sqlite, 300)
    assert findings(await world.evidence()) == []
    met = {entry.verdict for entry in world.log}
    scripted = {said for script in (*FAULTS, *SICK) for said in script}
    assert scripted - met == {"endless", "slow", "drip", "silence", "cut"}
    assert {AMBIGUOUS, "403"} <= met


@pytest.mark.thorough
async def test_five_thousand_messages_are_heard_once_in_effect(sqlite: Database) -> None:
    """The same at length."""
    world = await _lived(sqlite, 5000)
    assert findings(await world.evidence()) == []
    assert len(world.tasks) == 5000
