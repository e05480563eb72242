"""SendGrid's signed events: whose they are taken for, and that neither order nor repetition matters."""

import json
import random
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.sendgrid_hook import LARGEST, PATH
from punctual.protocol import Ref
from store import directory, ledger, retries
from store.engine import Database
from store.ledger import Delivery
from tests.api.conftest import Build, World, assert_problem
from tests.world import user

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
CREATED = datetime(2026, 1, 5, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADDRESS = "asha@example.com"
MACHINE = {"sg_machine_open": True}
BOUNCE = {"type": "bounce", "reason": "550 5.1.1 <asha@example.com> unknown", "status": "5.1.1"}


@pytest.fixture
async def hooked(build: Build) -> World:
    """An application that knows SendGrid's key, with asha in the directory of two tenants."""
    world = build(sendgrid_webhook_public_key=PUBLIC)
    async with world.ours.database.write() as db:
        for tenant in ("acme", "other"):
            await directory.put(db, tenant, [user("asha")])
    return world


async def mailed(world: World, *ids: str, tenant: str = "acme", **changes: Any) -> None:
    row = Delivery("", "asha", "email", "", "n1", "sent", None, CREATED)
    async with world.ours.database.write() as db:
        rows = [replace(row, **{"id": id_, "step_key": id_, **changes}) for id_ in ids]
        await ledger.add(db, Ref(tenant=tenant, kind="ticket", id="7"), rows)


async def rows_of(world: World, tenant: str = "acme") -> dict[str, Delivery]:
    async with world.ours.database.read() as db:
        return {row.id: row for row in await ledger.of_user(db, tenant, "asha")}


async def stopped(world: World, tenant: str = "acme") -> list[tuple[str, str, str | None]]:
    async with world.ours.database.read() as db:
        found = await world.ours.suppressions.of(db, tenant, "asha", ADDRESS)
    return [(one.scope, one.reason, one.detail) for one in found]


def event(name: str, minute: int = 1, id_: str = "d1", tenant: str = "acme", **more: Any) -> dict[str, Any]:
    """An event as SendGrid posts it, some minutes after the mail was made."""
    return {
        "event": name, "email": ADDRESS, "timestamp": int((CREATED + minute * MINUTE).timestamp()),
        "sg_event_id": f"{name}-{minute}", "sg_message_id": "m", "smtp-id": "<s>", "ip": "192.0.2.1",
        "punctual_tenant": tenant, "punctual_delivery": id_, **more,
    }  # fmt: skip


def signed(raw: bytes, at: datetime | None = None) -> dict[str, str]:
    timestamp = str(int((at or datetime.now(UTC)).timestamp()))
    signature = KEY.sign(timestamp.encode() + raw, ec.ECDSA(SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


async def post(world: World, events: Any, at: datetime | None = None) -> httpx.Response:
    raw = events if isinstance(events, bytes) else json.dumps(events).encode()
    return await world.http.post(PATH, content=raw, headers=signed(raw, at))


async def test_without_a_key_nothing_is_taken(world: World) -> None:
    """503, which SendGrid repeats later."""
    assert_problem(await post(world, [event("delivered")]), 503)


async def test_only_what_sendgrid_has_signed_just_now_counts(hooked: World) -> None:
    """401 for a signature that is missing, unreadable, of other bytes, another instant or key, or too old or new."""
    await mailed(hooked, "d1")
    raw = json.dumps([event("delivered")]).encode()
    good = signed(raw)
    signature, timestamp = good
    stranger = ec.generate_private_key(ec.SECP256R1()).sign(good[timestamp].encode() + raw, ec.ECDSA(SHA256()))
    bad = [
        {}, {signature: good[signature]}, {timestamp: good[timestamp]}, {**good, signature: "?"},
        {**good, signature: b64encode(b"no DER").decode()}, {**good, signature: b64encode(stranger).decode()},
        {**good, timestamp: "now"}, {**good, timestamp: "9" * 5000}, signed(raw + b" "),
        {**good, timestamp: str(int(good[timestamp]) + 1)},
        *(signed(raw, datetime.now(UTC) + 11 * way * MINUTE) for way in (-1, 1)),
    ]  # fmt: skip
    for headers in bad:
        assert_problem(await hooked.http.post(PATH, content=raw, headers=headers), 401)
    assert (await rows_of(hooked))["d1"].outcome == "sent"
    answer = await post(hooked, raw, datetime.now(UTC) - 9 * MINUTE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await rows_of(hooked))["d1"].outcome == "delivered"


async def test_bodies_are_bounded_and_must_be_lists(hooked: World) -> None:
    """As large as SendGrid's and larger, but not without end."""
    for raw, status in ((b"{", 400), (b"\xff", 400), (b"[" * 100_000, 400), (b"{}", 422),
                        (b"[1]" + b" " * 10**6, 204), (b" " * (LARGEST + 1), 413)):  # fmt: skip
        assert (await post(hooked, raw)).status_code == status


@pytest.mark.parametrize(
    ("what", "outcome", "reason", "detail", "stops"),
    [
        (event("processed"), "sent", None, None, []),
        (event("deferred", response="451 later"), "unknown", "ambiguous", None, []),
        (event("delivered"), "delivered", None, None, []),
        (event("open"), "opened", None, None, []),
        (event("open", **MACHINE), "delivered", None, None, []),
        (event("click", url="https://x"), "clicked", None, None, []),
        (event("bounce", **BOUNCE), "failed", "rejected", "550 5.1.1", [("", "bounced", "550 5.1.1")]),
        (event("bounce", type="blocked", reason="421 full"), "failed", "rejected", "421", []),
        (event("dropped", reason="Bounced Address"), "failed", "rejected", "dropped: bounced",
         [("", "bounced", "bounced")]),
        (event("dropped", reason="Spam Content"), "failed", "rejected", "dropped: not sent", []),
        (event("spamreport"), "unknown", "ambiguous", None, [("", "bounced", "complaint")]),
        (event("unsubscribe"), "unknown", "ambiguous", None, [("*", "unsubscribed", None)]),
        (event("group_unsubscribe"), "unknown", "ambiguous", None, [("*", "unsubscribed", None)]),
        (event("group_resubscribe"), "unknown", "ambiguous", None, []),
    ],
    ids=lambda value: f"{value['event']} {value.get('type', '')}" if isinstance(value, dict) else "",
)  # fmt: skip
async def test_each_event_means_one_thing(
    hooked: World, what: Any, outcome: str, reason: str | None, detail: str | None, stops: list[Any]
) -> None:
    """Also for a mail of which nobody knew whether it was taken; no address is kept in any detail."""
    await mailed(hooked, "d1", outcome="unknown", reason="ambiguous")
    assert (await post(hooked, [what])).status_code == 204
    row = (await rows_of(hooked))["d1"]
    assert (row.outcome, row.reason, row.detail) == (outcome, reason, detail)
    assert await stopped(hooked) == stops


async def test_whatever_the_order_and_however_often_the_row_ends_the_same(hooked: World) -> None:
    """Forty mails with the same events, each in an order of its own with copies, over several posts."""
    told = [
        event("processed", 1), event("delivered", 3), event("open", 5), event("open", 4),
        event("bounce", 6, **BOUNCE), event("bounce", 2, type="blocked", reason="421"),
        event("click", 9), event("click", 8), event("unsubscribe", 9),
    ]  # fmt: skip
    for story in (told, told[:2] + told[4:6]):
        seed = random.Random(7)
        ids = [f"{len(story)}-{number}" for number in range(20)]
        await mailed(hooked, *ids)
        posts: list[list[Any]] = [[], [], []]
        for id_ in ids:
            copies = [one for one in story for _ in range(seed.randint(1, 4))]
            seed.shuffle(copies)
            # What is in one post is read in one order: most of the shuffling is between posts.
            for turn in range(3):
                posts[turn] += [{**one, "punctual_delivery": id_} for one in copies[turn::3]]
        for events in posts:
            assert (await post(hooked, events)).status_code == 204
        rows = await rows_of(hooked)
        ends = {repr(replace(rows[id_], id="", step_key="")) for id_ in ids}
        assert len(ends) == 1, ends
        row = rows[ids[0]]
        if story is told:
            known = (row.outcome, row.reason, row.detail, row.at)
            assert known == ("clicked", None, None, CREATED + 8 * MINUTE)
            known_at = (row.sent_at, row.delivered_at, row.opened_at, row.clicked_at)
            assert known_at == (CREATED, *(CREATED + minute * MINUTE for minute in (3, 4, 8)))
        else:
            known = (row.outcome, row.reason, row.detail, row.at)
            assert known == ("failed", "rejected", "421", CREATED + 2 * MINUTE)


async def test_a_late_copy_stops_nothing_that_was_taken_back(hooked: World) -> None:
    """Forty-six copies of one event are one event; a mail comes back once, a person may wish the same twice."""
    await mailed(hooked, "d1")
    copies = [event("bounce", 2, **BOUNCE), event("unsubscribe", 3)] * 46
    await post(hooked, copies)
    assert [found[0] for found in await stopped(hooked)] == ["", "*"]
    async with hooked.ours.database.write() as db:
        await hooked.ours.suppressions.lift(db, "acme", ADDRESS)
        await hooked.ours.suppressions.resubscribe(db, "acme", "asha", "*")
    await post(hooked, [*copies, event("bounce", 5, sg_event_id="another", **BOUNCE)])
    assert await stopped(hooked) == []
    await post(hooked, [event("unsubscribe", 4)])
    assert [found[0] for found in await stopped(hooked)] == ["*"]


async def test_what_was_said_before_a_retry_says_nothing_of_what_it_sends(hooked: World) -> None:
    """Copies of the first mail's end come for a day; who has opened that one has it all the same."""
    ours, before = hooked.ours, [event("delivered", 1), event("bounce", 2, **BOUNCE)]
    await mailed(hooked, "d1", "opened")
    await post(hooked, [*before, event("bounce", 2, "opened", **BOUNCE)])
    async with ours.database.write() as db:
        await ours.suppressions.lift(db, "acme", ADDRESS)
        await retries.send_again(db, "acme", ["d1", "opened"], CREATED + 2.5 * MINUTE)
    await post(hooked, [*before, event("open", 1, "opened")])
    found = await rows_of(hooked)
    assert (found["d1"].outcome, found["opened"].outcome) == ("planned", "opened")
    async with ours.database.write() as db:
        await ledger.settle(db, "acme", "d1", "sent", None, CREATED + 3 * MINUTE, {})
    await post(hooked, before)
    assert ((await rows_of(hooked))["d1"].outcome, await stopped(hooked)) == ("sent", [])
    await post(hooked, [event("bounce", 4, **BOUNCE)])
    assert ((await rows_of(hooked))["d1"].outcome, len(await stopped(hooked))) == ("failed", 1)


async def test_instants_are_bounded_by_what_can_be(hooked: World) -> None:
    """Nothing arrives before it was made, nor in the future, whatever a clock says."""
    await mailed(hooked, "d1", "d2")
    await post(hooked, [event("delivered", -60), event("delivered", 10**8, "d2")])
    rows = await rows_of(hooked)
    assert rows["d1"].delivered_at == CREATED
    assert rows["d2"].delivered_at is not None
    assert abs(rows["d2"].delivered_at - datetime.now(UTC)) < 5 * MINUTE


async def test_what_is_not_ours_or_not_there_changes_nothing(hooked: World) -> None:
    """Another's mails, another tenant's delivery, another channel's, one that is gone, rows that are no events."""
    await mailed(hooked, "d1")
    await mailed(hooked, "d2", tenant="other")
    await mailed(hooked, "d3", channel="web_push")
    stray: Sequence[Any] = [
        event("bounce", id_="d2", **BOUNCE), event("bounce", tenant="other", **BOUNCE), event("click", id_="d3"),
        event("bounce", id_="gone", **BOUNCE), event("unsubscribe", id_="gone"), event("bounce", tenant="a/b"),
        {"event": "bounce", "email": ADDRESS, "timestamp": 1}, event("bounce", **{**BOUNCE, "timestamp": "soon"}),
        event("bounce", **{**BOUNCE, "timestamp": 10**30}), event("bounce", **{**BOUNCE, "email": 7}),
        event("something new"), None, 7, [], "bounce",
    ]  # fmt: skip
    assert (await post(hooked, stray)).status_code == 204
    outcomes = {id_: row.outcome for id_, row in {**await rows_of(hooked), **await rows_of(hooked, "other")}.items()}
    assert outcomes == {"d1": "sent", "d2": "sent", "d3": "sent"}
    assert (await stopped(hooked), await stopped(hooked, "other")) == ([], [])
    assert (await post(hooked, [*stray, event("delivered", url=None)])).status_code == 204
    assert (await rows_of(hooked))["d1"].outcome == "delivered"


async def test_what_no_database_takes_keeps_out_nothing_else(hooked: World) -> None:
    """Else SendGrid would repeat the whole post for a day."""
    await mailed(hooked, "d1", "d2", "d3")
    for junk in ("\ud800", "\0"):
        odd = {"email": junk, "type": "bounce", "reason": junk, "status": junk, "sg_event_id": junk}
        events = [event("bounce", **odd), event(junk, id_="d2"), event("delivered", id_="d3")]
        assert (await post(hooked, events)).status_code == 204
    outcomes = {id_: row.outcome for id_, row in (await rows_of(hooked)).items()}
    assert outcomes == {"d1": "failed", "d2": "sent", "d3": "delivered"}
    assert await stopped(hooked) == []


async def test_a_database_that_is_down_makes_sendgrid_repeat(hooked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and nothing is half done."""
    await mailed(hooked, "d1")

    def down(_: Database) -> Any:
        raise OSError("no database")

    with monkeypatch.context() as broken:
        broken.setattr(Database, "write", down)
        assert_problem(await post(hooked, [event("delivered")]), 503)
    assert (await rows_of(hooked))["d1"].outcome == "sent"
