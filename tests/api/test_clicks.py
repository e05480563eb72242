"""`/c/{token}`: on to the page that was mailed, and what devices say of pushes."""

from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from punctual.protocol import Ref
from store import ledger
from store.engine import Database
from store.ledger import Delivery
from store.links import ClickLink, ReceiptLink, UnsubscribeLink
from tests.api.conftest import Build, World, assert_problem

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
URL = "https://crm.example.com/tickets/7?tab=a%2Fb&q=%E0%A4%95#note"


async def sent(world: World, channel: str = "email", tenant: str = "acme") -> None:
    """A delivery d1 that its channel has accepted."""
    row = Delivery("d1", "asha", channel, "step", "n1", "sent", None, AT)
    async with world.ours.database.write() as db:
        await ledger.add(db, Ref(tenant=tenant, kind="ticket", id="7"), [row])


async def outcome(world: World, tenant: str = "acme") -> str:
    async with world.ours.database.read() as db:
        [row] = await ledger.of_user(db, tenant, "asha")
    return row.outcome


def click(world: World, url: str = URL, tenant: str = "acme") -> str:
    return f"/c/{ClickLink(tenant, 'd1', url).token(world.ours.vault)}"


def receipt(world: World, tenant: str = "acme") -> str:
    return f"/c/{ReceiptLink(tenant, 'd1').token(world.ours.vault)}"


async def test_a_click_leads_to_its_page_and_is_recorded(world: World) -> None:
    """Exactly the URL that was sealed in, kept in no cache; HEAD and prefetches record nothing."""
    for tenant in ("acme", "other"):
        await sent(world, tenant=tenant)
    prefetch = {"Sec-Purpose": "prefetch;prerender"}
    for method, headers, after in (("HEAD", {}, "sent"), ("GET", prefetch, "sent"), ("GET", {}, "clicked")):
        answer = await world.http.request(method, click(world), headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (302, URL)
        assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert await outcome(world) == after
    assert await outcome(world, "other") == "sent"


@pytest.mark.parametrize(
    ("home", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/inbox?open=n1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://crm.example.com", "https://crm.example.com/" + "ए" * 1970),
    ],
)
async def test_our_own_pages_are_led_to_wherever_they_are(build: Build, home: str, url: str) -> None:
    """Plain http on one's own machine; the longest URL that an event may carry."""
    world = build(public_url=home)
    answer = await world.http.get(click(world, url))
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(url[:24])


@pytest.mark.parametrize(
    "url",
    [
        "/inbox", "//evil.example", "http://evil.example/", "javascript:alert(1)", "https://a@evil.example/", "",
        "https://crm.example.com\\@evil.example", "http://127.0.0.1:8000@evil.example/", "http://127.0.0.1:80001/",
        "http://127.0.0.1:8000//evil.example", "https://crm.example.com/\r\nSet-Cookie: a=b",
    ],
)  # fmt: skip
async def test_what_no_mail_of_ours_holds_is_not_led_to(build: Build, url: str) -> None:
    """Even sealed with our own key."""
    answer = await build(public_url="http://127.0.0.1:8000").http.get(click(build(), url))
    assert (answer.status_code, "location" in answer.headers) == (404, False)


async def test_only_our_own_tokens_lead_anywhere(world: World) -> None:
    """Forged, cut, of another purpose: a page, and never a redirect."""
    other = UnsubscribeLink("acme", "d1", URL).token(world.ours.vault)
    for path in ("/c/https:%2F%2Fevil.example", "/c/x?url=https://evil.example", click(world)[:-4], f"/c/{other}",
                 receipt(world)):  # fmt: skip
        answer = await world.http.get(path)
        assert (answer.status_code, "location" in answer.headers) == (404, False)


async def test_a_database_that_is_down_keeps_nobody_from_the_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log says what was wrong, and nothing of the link."""

    def down(_: Database) -> Any:
        raise OSError("no database")

    monkeypatch.setattr(Database, "write", down)
    path = click(world)
    with structlog.testing.capture_logs() as logs:
        assert (await world.http.get(path)).status_code == 302
    assert [(log["event"], log["error"]) for log in logs] == [("unexpected_error", "OSError")]
    assert path.removeprefix("/c/") not in str(logs)
    assert "crm.example.com" not in str(logs)


@pytest.mark.parametrize(("event", "after"), [("clicked", "clicked"), ("dismissed", "delivered")])
async def test_a_device_says_what_became_of_a_push(world: World, event: str, after: str) -> None:
    """What was put away was on the device; more is not certain."""
    for tenant in ("acme", "other"):
        await sent(world, "web_push", tenant)
    assert (await world.http.post(receipt(world), data={"event": event})).status_code == 204
    assert (await outcome(world), await outcome(world, "other")) == (after, "sent")


async def test_what_a_device_cannot_say_is_refused(world: World) -> None:
    """422 for words that we do not know, 404 for tokens that are not ours or are for something else."""
    await sent(world, "web_push")
    for data in ({}, {"event": "failed"}):
        assert_problem(await world.http.post(receipt(world), data=data), 422)
    for path in ("/c/x", click(world)):
        assert_problem(await world.http.post(path, data={"event": "clicked"}), 404)
    assert await outcome(world) == "sent"
