"""Browsers that take Web Push, and what is never said about them."""

import os
from base64 import urlsafe_b64encode
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.devices import device
from tests.api.conftest import Build, World, assert_problem
from tests.channels.push_service import KeyPair
from tests.channels.test_push_endpoints import REFUSED

ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc:def"


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def point() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def browser(endpoint: str = ENDPOINT, **keys: str) -> dict[str, Any]:
    """What `PushSubscription.toJSON()` gives."""
    return {
        "endpoint": endpoint,
        "expirationTime": None,
        "keys": {"p256dh": encoded(point()), "auth": encoded(os.urandom(16)), **keys},
    }


async def subscribe(world: World, body: Any, **options: Any) -> Any:
    headers = {"User-Agent": ANDROID}
    return await world.call("POST", "/v1/push/subscriptions", json=body, headers=headers, **options)


async def listed(world: World, **options: Any) -> Any:
    return (await world.call("GET", "/v1/push/subscriptions", **options)).json()["items"]


async def test_a_browser_is_added_listed_and_deleted(world: World) -> None:
    """It has a name that people recognise; its endpoint is never shown, nor logged."""
    with structlog.testing.capture_logs() as logs:
        answer = await subscribe(world, browser())
        assert answer.status_code == 201
        added = answer.json()
        assert added == {"id": added["id"], "device": "Chrome on Android"}
        [found] = await listed(world)
        assert {name: found[name] for name in ("id", "device")} == added
        assert set(found) == {"id", "device", "created_at"}
        path = f"/v1/push/subscriptions/{added['id']}"
        assert (await world.call("DELETE", path)).status_code == 204
        assert_problem(await world.call("DELETE", path), 404)
    assert await listed(world) == []
    assert "abc:def" not in str(logs)


async def test_the_same_browser_again_is_the_same_row_and_moves_with_its_user(world: World) -> None:
    """Who logs in last has the browser; nobody gets two pushes on one device."""
    first = (await subscribe(world, browser())).json()
    assert (await subscribe(world, browser())).json() == first
    assert (await subscribe(world, browser(), user="ben")).json() == first
    assert await listed(world) == []
    assert len(await listed(world, user="ben")) == 1


async def test_unsubscribing_by_endpoint_is_for_ones_own_and_can_be_repeated(world: World) -> None:
    """A logout succeeds whatever was there; another user's and another tenant's browser stays."""
    await subscribe(world, browser())
    body = {"endpoint": ENDPOINT}
    for who in ({"user": "ben"}, {"tenant": "other"}):
        assert (await world.call("POST", "/v1/push/unsubscribe", json=body, **who)).status_code == 204
    assert len(await listed(world)) == 1
    for _ in range(2):
        assert (await world.call("POST", "/v1/push/unsubscribe", json=body)).status_code == 204
    assert await listed(world) == []


async def test_other_peoples_browsers_do_not_exist(world: World) -> None:
    """Deleting another's answers like deleting an unknown one."""
    id_ = (await subscribe(world, browser())).json()["id"]
    for who in ({"user": "ben"}, {"tenant": "other"}):
        assert await listed(world, **who) == []
        theirs = await world.call("DELETE", f"/v1/push/subscriptions/{id_}", **who)
        assert_problem(theirs, 404)
        assert theirs.content == (await world.call("DELETE", "/v1/push/subscriptions/unknown", **who)).content
    assert len(await listed(world)) == 1


async def test_endpoints_that_are_no_push_service_are_refused(world: World) -> None:
    """Nothing of them is stored, and nothing is echoed."""
    # A NUL is refused before anybody looks at the fields.
    refused = [endpoint for endpoint in REFUSED if "\0" not in endpoint]
    for endpoint in [*refused, "https://evil.example/secret", "secret"]:
        answer = await subscribe(world, browser(endpoint))
        body = assert_problem(answer, 422)
        assert [error["field"] for error in body["errors"]] == ["endpoint"], endpoint
        assert "evil" not in answer.text
        assert "secret" not in answer.text
    assert await listed(world) == []


async def test_a_browser_may_say_which_key_it_was_made_for(build: Build) -> None:
    """One of ours, in the browser's own spelling; a key that we no longer have could never be pushed to."""
    pairs = [KeyPair(), KeyPair()]
    keys = [pair.public for pair in pairs]
    set_ = {
        "vapid_private_key": ",".join(pair.private for pair in pairs),
        "vapid_public_key": ",".join(keys),
        "vapid_claims_email": "mailto:a@example.com",
    }
    world = build(**set_)
    for key, kept in ((None, keys[0]), (f"{keys[1]}=", keys[1]), (None, keys[1]), (keys[0], keys[0])):
        body = browser() if key is None else {**browser(), "applicationServerKey": key}
        assert (await subscribe(world, body)).status_code == 201
        async with world.ours.database.read() as db:
            [found] = await world.ours.subscriptions.of(db, "acme", "asha")
        assert found.vapid_key == kept
    assert (await subscribe(world, browser(), user="ben")).status_code == 201
    assert await listed(world) == []
    for key in (encoded(point()), "secret", encoded(b"x" * 65), ""):
        answer = await subscribe(world, {**browser(), "applicationServerKey": key})
        body = assert_problem(answer, 422)
        assert [error["field"] for error in body["errors"]] == ["applicationServerKey"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("p256dh", encoded(b"\x04" + b"\x01" * 64)),
        ("p256dh", encoded(b"\x02" + b"\x01" * 32)),
        ("p256dh", encoded(point()[:-1])),
        ("p256dh", encoded(point())[:-1] + "!"),
        ("p256dh", ""),
        ("auth", encoded(b"x" * 15)),
        ("auth", encoded(b"x" * 17)),
        ("auth", "====="),
        ("auth", "ä" * 22),
    ],
    ids=["off the curve", "compressed", "cut", "not base64", "empty", "short", "long", "padding", "not ASCII"],
)
async def test_keys_that_encrypt_nothing_are_refused(world: World, field: str, value: str) -> None:
    """A point must be on the curve, a secret must have its length."""
    body = assert_problem(await subscribe(world, browser(**{field: value})), 422)
    assert [error["field"] for error in body["errors"]] == [f"keys.{field}"]


async def test_what_newer_browsers_may_add_does_no_harm(world: World) -> None:
    """The body is made by browsers: padding, an expiry and unknown members pass."""
    body = {**browser(), "expirationTime": 1767225600000.0, "contentEncodings": ["aes128gcm"]}
    body["keys"]["auth"] += "=="
    assert (await subscribe(world, body)).status_code == 201


async def test_the_public_key_is_open_where_there_is_one(build: Build) -> None:
    """No token is needed; without VAPID keys the channel is off and says so."""
    assert_problem(await build().call("GET", "/v1/push/public-key", role=""), 404)
    pair = KeyPair()
    keys = {
        "vapid_private_key": pair.private, "vapid_public_key": pair.public,
        "vapid_claims_email": "mailto:a@example.com",
    }  # fmt: skip
    answer = await build(**keys).call("GET", "/v1/push/public-key", role="")
    assert answer.json() == {"public_key": pair.public}


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (ANDROID, "Chrome on Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) Version/18.4 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.4 Safari/605.1.15", "Safari on macOS"),
        ("curl/8", "Browser"),
        ("", "Browser"),
    ],
)
def test_devices_have_names(agent: str, name: str) -> None:
    """Short, and made of words we chose."""
    assert device(agent) == name
