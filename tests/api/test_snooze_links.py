"""The snooze link of a push: an hour's peace by one POST, from a service worker or a page without scripts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api import link_pages
from api.snooze_links import WORDS
from punctual.wire import iso_time
from store import directory
from store.links import AcknowledgeLink, SnoozeLink
from tests.api.conftest import World
from tests.api.rows import late
from tests.world import user

NOW = datetime.now(UTC)


def link(world: World, **changes: Any) -> str:
    given = {"tenant": "acme", "notification_id": "n1", "user_id": "asha", "expires_at": NOW + timedelta(days=1)}
    return f"/a/{SnoozeLink(**{**given, **changes}).token(world.ours.vault)}"


async def pushed(world: World, **changes: Any) -> str:
    """Asha's link for a notification that she got."""
    await world.notify("asha", "n1", title="Call <b>back</b>")
    async with world.ours.database.write() as db:
        await directory.put(db, "acme", [user("asha", **changes)])
    return link(world)


async def snoozed_until(world: World) -> datetime | None:
    found = (await world.call("GET", "/v1/notifications/n1")).json()["snoozed_until"]
    return iso_time(found) if found else None


async def test_the_button_puts_off_for_an_hour_and_again_changes_nothing(world: World) -> None:
    """GET and HEAD only ask; POST snoozes, tells the sockets, and repeated says the same instant."""
    path = await pushed(world, timezone="Asia/Kolkata")
    page = await world.http.get(path)
    assert (page.status_code, page.headers["referrer-policy"]) == (200, "no-referrer")
    assert WORDS["en"]["ask"] in page.text
    assert "Call &lt;b&gt;back&lt;/b&gt;" in page.text
    assert (await world.http.head(path)).status_code == 200
    assert await snoozed_until(world) is None
    frames: list[Any] = []

    async def publish(*frame: Any) -> None:
        frames.append(frame)

    world.ours.bus.publish = publish  # type: ignore[method-assign]
    began = datetime.now(UTC)
    first, second = await world.http.post(path), await world.http.post(path)
    assert (first.status_code, second.status_code) == (200, 200)
    assert [(tenant, to, frame["type"]) for tenant, to, frame in frames] == [("acme", "asha", "notification_updated")]
    until = await snoozed_until(world)
    assert until is not None
    assert began + timedelta(minutes=59) < until < datetime.now(UTC) + timedelta(minutes=61)
    when = link_pages.moment(until, "en", "Asia/Kolkata")
    for answer in (first, second, await world.http.get(path)):
        assert WORDS["en"]["done"].replace("{when}", when) in answer.text
        assert "<button" not in answer.text


async def test_the_page_speaks_the_readers_language(world: World) -> None:
    """The instant too."""
    path = await pushed(world, locale="hi-IN")
    assert WORDS["hi"]["button"] in (await world.http.get(path)).text
    done = (await world.http.post(path)).text
    assert '<html lang="hi">' in done
    assert "(UTC) तक टाल दिया गया" in done
    assert WORDS["en"].keys() == WORDS["hi"].keys()


async def test_what_has_ended_need_not_be_put_off(world: World) -> None:
    """409, and the inbox stays as it is."""
    path = await pushed(world)
    await late(world, state="closed")
    await world.notify("asha", "n2", kind="follow_up", entity_id="42")
    path = link(world, notification_id="n2")
    assert (await world.http.get(path)).status_code == 200
    answer = await world.http.post(path)
    assert (answer.status_code, WORDS["en"]["ended"] in answer.text) == (409, True)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"expires_at": NOW - timedelta(seconds=1)}, 410),
        ({"user_id": "ravi"}, 404),
        ({"tenant": "other"}, 404),
        ({"notification_id": "n2"}, 404),
    ],
)
async def test_only_what_is_there_for_its_holder_is_put_off(
    world: World, changes: dict[str, Any], status: int
) -> None:
    """An old link, somebody else's, another tenant's."""
    await pushed(world)
    assert (await world.http.post(link(world, **changes))).status_code == status
    assert await snoozed_until(world) is None


async def test_one_kind_of_link_is_not_taken_for_another(world: World) -> None:
    """With an acknowledge link of the same words nothing is snoozed; who has left has no say."""
    await pushed(world)
    other = AcknowledgeLink("acme", "n1", "asha", NOW + timedelta(days=1)).token(world.ours.vault)
    assert (await world.http.post(f"/a/{other}")).status_code == 404
    async with world.ours.database.write() as db:
        await directory.put(db, "acme", [user("asha", active=False)])
    assert (await world.http.post(link(world))).status_code == 404
    assert await snoozed_until(world) is None
