"""Chat: a person or a room of the directory names one of the operator's targets, and nothing but those."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from activities.channels.chat import Chat
from settings import SettingsError
from store.directory import User
from store.engine import Database
from tests.channels.apprise_target import running
from tests.channels.conftest import ABOUT, HOME, NOW, message, note
from tests.world import TENANT, user

ROOM = user("north", metadata={"chat": "sales"})


@pytest.fixture
async def made() -> AsyncIterator[Callable[..., Chat]]:
    """Makes channels, closed in the end."""
    async with AsyncExitStack() as closing:

        def make(targets: dict[str, str], **options: Any) -> Chat:
            channel = Chat(targets, home=HOME, now=lambda: NOW, **options)
            closing.push_async_callback(channel.close)
            return channel

        yield make


async def test_a_room_hears_title_message_and_link_once(made: Callable[..., Chat]) -> None:
    """At the target that it names, and at no other."""
    async with running() as sales, running() as other:
        channel = made({"other": other.origin, "sales": f"{sales.origin}/hook"})
        assert (await channel.send(message(user=ROOM))).outcome == "sent"
    ((path, body),) = sales.asked
    assert (path, body["title"]) == ("/hook", "10:00: Visit")
    assert body["message"] == f"Your appointment with Meera starts in one hour.\n\n{HOME}appointments/42"
    assert other.asked == []


@pytest.mark.parametrize("named", [None, "planted", "", 1, ["sales"], "json://127.0.0.1:1"])
async def test_who_names_no_target_has_no_address(made: Callable[..., Chat], sqlite: Database, named: object) -> None:
    """A URL is no name either. Without targets the channel is off."""
    somebody = user("asha", metadata={"chat": named})
    assert await _obstacles(made({"sales": "json://127.0.0.1:1"}), sqlite, ROOM, somebody) == {"asha": "no_address"}
    assert await _obstacles(made({}), sqlite, ROOM, somebody) == {"asha": "channel_off", "north": "channel_off"}
    result = await made({"sales": "json://127.0.0.1:1"}).send(message(user=somebody))
    assert (result.outcome, result.reason) == ("withheld", "no_address")


async def _obstacles(channel: Chat, database: Database, *people: User) -> dict[str, str]:
    async with database.read() as db:
        return dict(await channel.unreachable(db, TENANT, people, ABOUT))


def test_no_name_calls_everybody_in_the_room(made: Callable[..., Chat]) -> None:
    """Such words are shown and do nothing; addresses stay what they are."""
    title, text = made({}).words(
        message(notification=note(title="<!channel> @here", message="@all <@U1> a@allied.example", action_url=None))
    )
    assert (title, text) == ("<\u2060!channel> @\u2060here", "@\u2060all <\u2060@U1> a@allied.example")


@pytest.mark.parametrize(
    "url", ["planted://x", "slack://planted", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#planted/#b"]
)
def test_a_target_that_cannot_be_used_stops_the_start(url: str) -> None:
    """The line names the setting and does not repeat what may be a secret; two rooms are two targets."""
    with pytest.raises(SettingsError, match=r"^CHAT_TARGETS: ") as caught:
        Chat({"sales": url}, home=HOME)
    assert "planted" not in str(caught.value)
