"""Temporal's remote codec."""

from base64 import b64encode
from typing import Any

import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from punctual.codec import EncryptionCodec
from settings import Settings
from tests.api.conftest import PAYLOAD_KEYS_SETTING, Build, World, assert_problem

KEY = b"0123456789abcdef0123456789abcdef"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'{"title":"Visit"}')


def body(*payloads: Payload) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(Payloads(payloads=payloads))
    return found


@pytest.fixture
def encrypted(build: Build) -> World:
    return build(temporal_payload_keys=PAYLOAD_KEYS_SETTING)


async def test_what_is_encoded_decodes_to_itself(encrypted: World) -> None:
    """Encoding hides, decoding shows; plain payloads pass through decoding as they are."""
    coded = await encrypted.call("POST", "/codec/encode", role="admin", json=body(PLAIN, PLAIN))
    assert b64encode(b"Visit").decode().rstrip("=") not in coded.text
    assert [one["metadata"]["encoding"] for one in coded.json()["payloads"]] == [
        b64encode(b"binary/encrypted").decode()
    ] * 2
    back = await encrypted.call("POST", "/codec/decode", role="admin", json=coded.json())
    assert back.json() == body(PLAIN, PLAIN)
    assert (await encrypted.call("POST", "/codec/decode", role="admin", json=body(PLAIN))).json() == body(PLAIN)


async def test_one_foreign_payload_does_not_hide_the_others(encrypted: World) -> None:
    """What a key we do not have encrypted stays as it is."""
    [foreign] = await EncryptionCodec({"gone": KEY}).encode([PLAIN])
    [ours] = await EncryptionCodec({"test": KEY}).encode([PLAIN])
    answer = await encrypted.call("POST", "/codec/decode", role="admin", json=body(foreign, ours))
    assert answer.json() == body(foreign, PLAIN)


@pytest.mark.parametrize("path", ["/codec/decode", "/codec/encode"])
async def test_only_admins_read_payloads(encrypted: World, path: str) -> None:
    """Without a token 401, with another role 403; without encryption there is no codec."""
    assert_problem(await encrypted.call("POST", path, role="", json=body(PLAIN)), 401)
    for role in ("user", "service"):
        assert_problem(await encrypted.call("POST", path, role=role, json=body(PLAIN)), 403)


async def test_under_up_the_ui_needs_no_token(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback, where `up` alone serves, the Temporal UI reads without a login."""
    monkeypatch.setattr(Settings, "codec_open", property(lambda _: True))
    world = build(temporal_payload_keys=PAYLOAD_KEYS_SETTING)
    assert (await world.call("POST", "/codec/decode", role="", json=body(PLAIN))).status_code == 200


async def test_without_encryption_there_is_no_codec(world: World) -> None:
    """404 says that there is nothing to decode."""
    assert_problem(await world.call("POST", "/codec/decode", role="admin", json=body(PLAIN)), 404)


@pytest.mark.parametrize(
    "bad", [{"payloads": "x"}, {"payloads": [{"data": 1}]}, {"payload": []}, [], {"payloads": [1]}]
)
async def test_what_is_no_payload_is_refused(encrypted: World, bad: Any) -> None:
    """A problem, not a crash."""
    answer = await encrypted.call("POST", "/codec/decode", role="admin", json=bad)
    assert answer.status_code in (400, 422)
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_the_temporal_ui_may_call_the_codec_and_nothing_else(encrypted: World, host: str) -> None:
    """CORS lets the UI's own origin in, with the headers it sends; the CRM's origin has no business here."""
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-namespace",
    }
    ui = {"Origin": f"http://{host}:8233", **asked}
    answer = await encrypted.http.options("/codec/decode", headers=ui)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ui["Origin"]
    answer = await encrypted.call("POST", "/codec/decode", role="admin", json=body(PLAIN), headers=ui)
    assert answer.headers["access-control-allow-origin"] == ui["Origin"]
    assert "access-control-allow-origin" not in (await encrypted.http.options("/v1/events", headers=ui)).headers
    crm = {"Origin": "https://crm.example.com", **asked}
    assert "access-control-allow-origin" not in (await encrypted.http.options("/codec/decode", headers=crm)).headers
