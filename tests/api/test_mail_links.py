"""The acknowledge link of a mail: no login, no script, and nothing changes before the button is pressed."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api import link_pages
from api.acknowledge_links import WORDS
from store import directory
from store.links import AcknowledgeLink
from store.vault import Vault
from tests.api.conftest import SECRETS, World, refusal
from tests.api.rows import OVERDUE, late
from tests.world import user

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def link(world: World, **changes: Any) -> str:
    given = {"tenant": "acme", "notification_id": "n1", "user_id": "asha", "expires_at": NOW + DAY, **changes}
    return f"/a/{AcknowledgeLink(**given).token(world.ours.vault)}"


async def mailed(world: World, *, locale: str = "en", title: str = "Overdue: Offer", **changes: Any) -> str:
    """Asha's link for a late follow-up that ravi was told of as well."""
    await late(world, **changes)
    await world.notify("asha", "n1", kind="follow_up", entity_id="42", step_key=OVERDUE, title=title)
    async with world.ours.database.write() as db:
        await directory.put(db, "acme", [user("asha", locale=locale), user("ravi", name="Ravi <Menon>")])
    return link(world)


async def test_the_page_asks_and_the_button_acknowledges(world: World) -> None:
    """GET names what it is about and changes nothing; POST acknowledges as the reader of the mail."""
    path = await mailed(world, title="Overdue: <b>Offer</b>")
    page = await world.http.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<h1 dir="auto">Overdue: &lt;b&gt;Offer&lt;/b&gt;</h1>' in page.text
    assert WORDS["en"]["ask"] in page.text
    assert page.text.count("<button") == 1
    assert "<script" not in page.text
    assert (await world.http.head(path)).status_code == 200
    assert world.temporal.updates == []
    done = await world.http.post(path)
    assert done.status_code == 200
    assert WORDS["en"]["done"] in done.text
    assert "<button" not in done.text
    assert world.temporal.updates == [("acme/follow_up/42", "acknowledge", {"user_id": "asha", "override": False})]
    assert (await world.call("GET", "/v1/notifications/n1")).json()["acknowledged_at"]


async def test_the_page_is_in_the_readers_language_and_fits_their_device(world: World) -> None:
    """Phones and dark screens too."""
    page = (await world.http.get(await mailed(world, locale="hi-IN"))).text
    assert '<html lang="hi">' in page
    assert WORDS["hi"]["ask"] in page
    assert WORDS["hi"]["button"] in page
    assert 'name="viewport" content="width=device-width' in page
    assert "prefers-color-scheme: dark" in page
    assert WORDS["en"].keys() == WORDS["hi"].keys()


@pytest.mark.parametrize(
    ("changes", "stands", "status"),
    [
        ({"state": "closed"}, "ended", 409),
        ({"state": "open"}, "calm", 409),
        ({"state": "acknowledged", "acknowledged_by": "ravi"}, "taken", 409),
        ({"state": "acknowledged", "acknowledged_by": "asha"}, "done", 200),
    ],
)
async def test_what_needs_no_button_has_none(world: World, changes: dict[str, Any], stands: str, status: int) -> None:
    """Both ways of asking say how it stands, without Temporal; who has it in hand is named."""
    path = await mailed(world, **changes)
    world.temporal.down = True
    expected = WORDS["en"][stands].replace("{name}", "Ravi &lt;Menon&gt;")
    shown, posted = await world.http.get(path), await world.http.post(path)
    assert (shown.status_code, posted.status_code) == (200, status)
    for page in (shown, posted):
        assert expected in page.text
        assert "<button" not in page.text


async def test_a_refusal_of_the_workflow_is_no_success(world: World) -> None:
    """It knows better than the row: the page goes on to ask."""
    path = await mailed(world)
    world.temporal.answer = refusal("nothing_to_acknowledge")
    page = await world.http.post(path)
    assert WORDS["en"]["ask"] in page.text
    assert "<button" in page.text


async def test_while_nobody_answers_the_button_stays(world: World) -> None:
    """503 with the wait, and a page that can be sent again."""
    path = await mailed(world)
    world.temporal.down = True
    page = await world.http.post(path)
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert WORDS["en"]["busy"] in page.text
    assert "<button" in page.text


async def test_every_page_keeps_the_token_to_itself(world: World) -> None:
    """It is neither stored nor passed on nor framed, and the style is the one the policy names."""
    for path in (await mailed(world), "/a/forged"):
        page = await world.http.get(path)
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self'" in policy
        assert "unsafe-inline" not in policy


async def test_an_expired_link_says_so(world: World) -> None:
    """410, in the language the browser asks for; nothing of the notification is shown."""
    await mailed(world)
    for method in ("GET", "POST"):
        page = await world.http.request(
            method, link(world, expires_at=NOW - timedelta(seconds=1)), headers={"Accept-Language": "hi-IN,hi;q=0.9"}
        )
        assert page.status_code == 410
        assert link_pages.WORDS["hi"]["expired"] in page.text
        assert "Offer" not in page.text
    assert world.temporal.updates == []


async def test_only_our_own_tokens_for_what_is_there_open_anything(world: World) -> None:
    """Forged, cut, changed, another purpose's, another person's, another tenant's: 404, all alike."""
    good = await mailed(world)
    others = Vault(["some-other-secret-of-32-characters-or-more"])
    stranger = AcknowledgeLink("acme", "n1", "asha", NOW + DAY).token(others)
    flipped = good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
    bad = [
        "/a/x", "/a/" + "A" * 200, "/a/" + "A" * 5000, good[:-5], flipped, f"/a/{stranger}", "/a/%00", "/a/é",
        link(world, user_id="ravi"), link(world, tenant="other"), link(world, notification_id="n2"),
    ]  # fmt: skip
    pages = [await world.http.request(method, path) for path in bad for method in ("GET", "POST")]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert link_pages.WORDS["en"]["unknown"] in pages[0].text
    assert world.temporal.updates == []


async def test_who_has_left_has_no_say(world: World) -> None:
    """A mail outlives its reader's account."""
    path = await mailed(world)
    async with world.ours.database.write() as db:
        await directory.put(db, "acme", [user("asha", active=False)])
    assert (await world.http.post(path)).status_code == 404
    assert world.temporal.updates == []


async def test_a_link_that_tells_of_no_escalation_opens_nothing(world: World) -> None:
    """Only what is late can be acknowledged."""
    await mailed(world)
    await world.notify("asha", "n9", kind="follow_up", entity_id="42", step_key="event-1")
    assert (await world.http.get(link(world, notification_id="n9"))).status_code == 404


def test_a_token_is_sealed_and_survives_a_rotation_of_keys() -> None:
    """Nothing can be read in it; no two are alike; an older key still opens it."""
    given = AcknowledgeLink("acme", "n1", "asha", datetime(2026, 12, 20, 9, tzinfo=UTC))
    old = Vault([SECRETS[1]])
    token = given.token(old)
    assert re.fullmatch(r"[A-Za-z0-9_-]{60,700}", token)
    assert token != given.token(old)
    assert AcknowledgeLink.read(Vault(SECRETS), token) == given
    with pytest.raises(ValueError, match="SECRET_KEYS"):
        AcknowledgeLink.read(Vault([SECRETS[0]]), token)
