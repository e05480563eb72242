"""The WebSocket, on a real server with a real client."""

from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import InvalidStatus

from api import live
from tests.api.conftest import ORIGIN
from tests.api.sockets import PATH, Live, server

BAD_MESSAGES: list[tuple[str | bytes, str]] = [
    ("{", "bad_json"),
    ("[" * 5000, "bad_json"),
    ('{"type":"ping","type":"ping"}', "bad_json"),
    ('{"type":"mark_as_read","notification_id":"\\ud800"}', "bad_json"),
    (b"\xff\xfe", "bad_json"),
    ('{"type":"launch"}', "bad_request"),
    ("1", "bad_request"),
    ('{"type":"ping","x":1}', "bad_request"),
    ('{"type":"mark_as_read"}', "bad_request"),
    ('{"type":"mark_as_read","notification_id":"a b"}', "bad_request"),
    ('{"type":"subscribe","categories":"x"}', "bad_request"),
    ('{"type":"subscribe","categories":[1]}', "bad_request"),
    ('{"type":"auth","token":"x"}', "bad_request"),
    (b'{"type":"launch"}', "bad_request"),
]

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)

__all__ = ["server"]


async def test_ready_tells_the_count_and_the_version(server: Live) -> None:
    """The first frame is enough to know whether the inbox has to be read."""
    await server.world.notify("asha", "n1", "n2")
    async with server.raw() as socket:
        ready = await socket.ask("auth", token=server.world.token())
        assert ready == {"type": "ready", "unread_count": 2, "version": 1}
        assert await socket.ask("ping") == {"type": "pong"}
        assert await socket.ask("get_unread_count") == {"type": "unread_count", "count": 2, "version": 1}


@pytest.mark.parametrize(
    "first",
    [
        '{"type":"ping"}', "{", "[]", '{"type":"auth"}',
        '{"type":"auth","token":"rubbish"}', '{"type":"auth","token":1}',
        '{"type":"auth","type":"auth","token":"x"}', "[" * 5000,
    ],
)  # fmt: skip
async def test_who_does_not_say_who_it_is_first_is_closed_with_4401(server: Live, first: str) -> None:
    """Anything but a good token in the first message ends the socket."""
    async with server.raw() as socket:
        await socket.connection.send(first)
        assert await socket.closed() == 4401


async def test_tokens_that_open_no_inbox_close_with_4401(server: Live) -> None:
    """Expired ones, and those of services."""
    for who in ({"ttl": timedelta(seconds=-1)}, {"role": "service"}):
        async with server.raw() as socket:
            await socket.say("auth", token=server.world.token(**who))
            assert await socket.closed() == 4401


async def test_silence_is_closed_with_4401(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody holds a socket without a name for longer than the time to say it."""
    assert live.AUTH_WITHIN == 5
    monkeypatch.setattr(live, "AUTH_WITHIN", 0.05)
    async with server.raw() as socket:
        assert await socket.closed() == 4401


async def test_a_token_in_the_url_opens_nothing(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """URLs end in logs; only the first message counts."""
    monkeypatch.setattr(live, "AUTH_WITHIN", 0.05)
    server.url += f"?token={server.world.token()}"
    async with server.raw() as socket:
        assert await socket.closed() == 4401


async def test_a_socket_ends_with_its_token(server: Live) -> None:
    """At expiry the server closes with 4401."""
    async with server.socket(ttl=timedelta(seconds=2)) as socket:
        assert await socket.closed() == 4401


async def test_only_our_own_origins_connect(server: Live) -> None:
    """Exact match; without an Origin header it is no browser, and passes."""
    async with server.raw(origin=ORIGIN) as socket:
        assert (await socket.ask("auth", token=server.world.token()))["type"] == "ready"
    for origin in ("https://evil.example", f"{ORIGIN}.evil.example", f"{ORIGIN}:8443", "null"):
        with pytest.raises(InvalidStatus) as refused:
            async with server.raw(origin=origin):
                pass
        assert refused.value.response.status_code == 403


async def test_frames_reach_all_sockets_of_their_user_and_nobody_else(server: Live) -> None:
    """By tenant and user: the same user id of another tenant is somebody else."""
    async with (
        server.socket() as one,
        server.socket() as two,
        server.socket(user="ben") as ben,
        server.socket(tenant="other") as other,
    ):
        server.publish("n1")
        for socket in (one, two):
            heard = await socket.hear()
            assert (heard["type"], heard["notification"]["id"], heard["version"]) == ("new_notification", "n1", 9)
        for socket in (ben, other):
            assert await socket.ask("ping") == {"type": "pong"}


async def test_changes_on_one_device_reach_the_others_and_http_reaches_all(server: Live) -> None:
    """One reads, both hear; so it is with everything at once, and with what HTTP changes."""
    await server.world.notify("asha", "n1", "n2", "n3")
    async with server.socket() as one, server.socket() as two:
        await one.say("mark_as_read", notification_id="n1")
        heard = await two.hear()
        assert (heard["type"], heard["unread_count"], heard["version"]) == ("notification_updated", 2, 2)
        assert heard["notification"]["read_at"] is not None
        assert await one.hear() == heard
        await server.world.call("PATCH", f"{PATH}/n2", json={"archived": True})
        for socket in (one, two):
            heard = await socket.hear()
            assert (heard["notification"]["id"], heard["unread_count"], heard["version"]) == ("n2", 1, 3)
        await two.say("mark_all_as_read")
        for socket in (one, two):
            assert await socket.hear() == {"type": "unread_count", "count": 0, "version": 4}
    assert (await server.world.call("GET", f"{PATH}/unread-count")).json() == {"count": 0, "version": 4}


async def test_asking_for_what_is_so_already_is_answered_to_the_one_who_asked(server: Live) -> None:
    """No version, no frame for the others; ids of others do not exist."""
    await server.world.notify("ben", "theirs")
    await server.world.notify("asha", "n1")
    async with server.socket() as one, server.socket() as two:
        await one.ask("mark_as_read", notification_id="n1")
        await two.hear()
        again = await one.ask("mark_as_read", notification_id="n1")
        assert (again["type"], again["version"]) == ("notification_updated", 2)
        assert await one.ask("mark_all_as_read") == {"type": "unread_count", "count": 0, "version": 2}
        for id_ in ("unknown", "theirs"):
            error = await one.ask("mark_as_read", notification_id=id_)
            assert (error["type"], error["code"]) == ("error", "not_found")
        assert await two.ask("ping") == {"type": "pong"}


async def test_bad_messages_are_answered_and_the_socket_goes_on(server: Live) -> None:
    """An error frame says what was wrong; the next message is taken."""
    async with server.socket() as socket:
        for text, code in BAD_MESSAGES:
            await socket.connection.send(text)
            error = await socket.hear()
            assert (error["type"], error["code"]) == ("error", code), text
            assert error["detail"]
            assert await socket.ask("ping") == {"type": "pong"}


async def test_subscribing_narrows_what_is_new(server: Live) -> None:
    """Only new notifications of the chosen categories; of the others the count, so that no version is missing."""
    async with server.socket() as socket:
        await socket.say("subscribe", categories=["tickets", "tasks"])
        await socket.say("unsubscribe", categories=["tasks"])
        assert await socket.ask("ping") == {"type": "pong"}
        server.publish("a1", category="appointments")
        assert await socket.hear() == {"type": "unread_count", "count": 7, "version": 9}
        server.publish("t1", category="tickets")
        assert (await socket.hear())["notification"]["id"] == "t1"
        await socket.say("unsubscribe", categories=["tickets"])
        assert await socket.ask("ping") == {"type": "pong"}
        server.publish("a2", category="appointments")
        assert (await socket.hear())["notification"]["id"] == "a2"


async def test_changes_and_announcements_come_whatever_was_subscribed_to(server: Live) -> None:
    """What is on other screens changes too, and an announcement is for everybody."""
    await server.world.notify("asha", "n1")
    async with server.socket() as socket:
        await socket.say("subscribe", categories=["tickets"])
        heard = await socket.ask("mark_as_read", notification_id="n1")
        assert (heard["type"], heard["notification"]["category"]) == ("notification_updated", "appointments")
        server.announce("a1")
        assert (await socket.hear())["notification"]["id"] == "a1"


@pytest.mark.parametrize("command", ["subscribe", "unsubscribe"])
async def test_an_unknown_category_is_refused_by_name_of_its_field(server: Live, command: str) -> None:
    """And nothing of the whole command is done, so nobody waits for what never comes."""
    async with server.socket() as socket:
        await socket.say("subscribe", categories=["tasks"])
        error = await socket.ask(command, categories=["tasks", "tickets", "tickest"])
        assert (error["type"], error["code"]) == ("error", "bad_request")
        assert error["detail"].startswith("categories.2: must be one of appointments, ")
        for category, type_ in (("tickets", "unread_count"), ("tasks", "new_notification")):
            server.publish("n1", category=category)
            assert (await socket.hear())["type"] == type_


async def test_an_answer_without_a_change_never_hides_a_change(server: Live) -> None:
    """Its version is one that the client has heard of: the newest may be that of a frame still on its way."""
    await server.world.notify("asha", "n1", "n2", read_at=AT)
    async with server.socket() as socket:
        await server.world.notify("asha", "n3")  # nobody is told
        again = await socket.ask("mark_as_read", notification_id="n1")
        assert (again["type"], again["version"]) == ("notification_updated", 1)
        assert await socket.ask("get_unread_count") == {"type": "unread_count", "count": 1, "version": 2}
