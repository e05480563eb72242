"""`/u/{token}`: how mails stop, by one click of a mail provider or on a page."""

from typing import Any

import pytest

from api.names import _NAMES, name
from api.unsubscribe_links import WORDS
from punctual.fields import CATEGORIES
from store import directory
from store.links import ClickLink, UnsubscribeLink
from tests.api.conftest import NOTICES, World
from tests.world import user

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def mailed(world: World, scope: str = "tickets", **changes: Any) -> str:
    """The path of asha's link."""
    async with world.ours.database.write() as db:
        await directory.put(db, "acme", [user("asha", **changes)])
    return link(world, scope=scope)


def link(world: World, tenant: str = "acme", user_id: str = "asha", scope: str = "tickets") -> str:
    return f"/u/{UnsubscribeLink(tenant, user_id, scope).token(world.ours.vault)}"


async def stopped(world: World, tenant: str = "acme") -> list[str]:
    async with world.ours.database.read() as db:
        return [found.scope for found in await world.ours.suppressions.of(db, tenant, "asha", None)]


@pytest.mark.parametrize(
    "body",
    [
        {"data": ONE_CLICK},
        {"files": {name: (None, value) for name, value in ONE_CLICK.items()}},
        {"content": b""},
        {"content": b"{", "headers": {"content-type": "application/json"}},
        {"content": b"\xff" * 5000, "headers": {"content-type": "multipart/form-data"}},
        {"content": b"--x\r\n\xff", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"--x", "headers": {"content-type": f"multipart/form-data; boundary*{'1' * 5000}=x"}},
    ],
    ids=["urlencoded", "multipart", "empty", "JSON", "long", "broken", "breaks parsers"],
)
async def test_one_click_unsubscribes_however_it_is_posted(world: World, body: dict[str, Any]) -> None:
    """RFC 8058: no cookie, no login, and 200; twice is as good as once."""
    path = await mailed(world)
    for _ in range(2):
        assert (await world.http.post(path, **body)).status_code == 200
    assert await stopped(world) == ["tickets"]
    assert await stopped(world, "other") == []


async def test_looking_changes_nothing(world: World) -> None:
    """Programs that check mails follow every link; people see what would stop, and that some mails go on."""
    path = await mailed(world)
    page = await world.http.get(path)
    assert (page.status_code, (await world.http.head(path)).status_code) == (200, 200)
    assert await stopped(world) == []
    assert '<h1 dir="auto">Mails: Tickets</h1>' in page.text
    for key in ("ask", "note", "stop", "stop_all"):
        assert WORDS["en"][key] in page.text
    assert page.text.index(WORDS["en"]["stop"]) < page.text.index(WORDS["en"]["stop_all"])
    assert "<script" not in page.text
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize("encoding", ["data", "files"])
async def test_the_buttons_stop_these_or_all_and_take_it_back(world: World, encoding: str) -> None:
    """Each says how it stands then, and offers what is left to do."""
    path = await mailed(world)
    for field, value, text, scopes in (
        ("scope", "this", "stopped", ["tickets"]),
        ("scope", "all", "all", ["tickets", "*"]),
        ("undo", "1", "again", []),
    ):
        page = await world.http.post(path, **{encoding: {field: value if encoding == "data" else (None, value)}})
        assert WORDS["en"][text] in page.text
        assert set(await stopped(world)) == set(scopes)
    await world.http.post(path, data={"scope": "this"})
    assert WORDS["en"]["undo"] in (await world.http.get(path)).text


async def test_the_page_names_types_and_categories_in_the_readers_language(world: World) -> None:
    """A type within its category; there is a name for each that mails can be about, in every language."""
    page = (await world.http.get(await mailed(world, "digest.daily", locale="hi-IN"))).text
    assert f"ईमेल: {name('hi', 'category', 'digests')} · {name('hi', 'type', 'digest.daily')}" in page
    assert WORDS["en"].keys() == WORDS["hi"].keys()
    wanted = {f"category.{key}" for key in CATEGORIES} | {f"type.{key}" for key in NOTICES}
    assert [(language, wanted - names.keys()) for language, names in _NAMES.items()] == [("en", set()), ("hi", set())]


async def test_only_our_own_tokens_for_people_who_are_there_do_anything(world: World) -> None:
    """Forged, of another purpose, of another tenant, of somebody erased: 404, all alike."""
    good = await mailed(world)
    other = ClickLink("acme", "asha", "tickets").token(world.ours.vault)
    bad = ["/u/x", good[:-3], f"/u/{other}", link(world, tenant="other"), link(world, user_id="nobody")]
    pages = [await world.http.request(method, path) for path in bad for method in ("GET", "POST")]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert (await world.call("DELETE", "/v1/users/asha", role="service")).status_code == 204
    assert (await world.http.post(good, data=ONE_CLICK)).status_code == 404
    assert await stopped(world) == []
