"""One live connection for all bells of a browser: shared, watched, and made anew."""

import asyncio
import json

import pytest
from playwright.async_api import BrowserContext, Page, WebSocketRoute, expect

from punctual.protocol import Ref
from store import inbox
from tests.e2e.pages.bare import BELL, put
from tests.e2e.pages.conftest import TENANT, USER, Site, note

_BREAK = {
    "locks": "Object.defineProperty(navigator, 'locks', {value: undefined})",
    "channels": "delete globalThis.BroadcastChannel",
}


def _sockets(*pages: Page) -> list[Page]:
    """Fills with the pages that open a socket, as they do."""
    opened: list[Page] = []
    for page in pages:
        page.on("websocket", lambda _, page=page: opened.append(page))
    return opened


async def test_three_tabs_share_one_socket_and_another_takes_over(context: BrowserContext, site: Site) -> None:
    """All three hear the same; when the tab with the socket is closed, another has it, and nothing is lost."""
    pages = [await context.new_page() for _ in range(3)]
    opened = _sockets(*pages)
    bells = [await put(page, site) for page in pages]
    await site.arrive(note("n1", priority="urgent"))
    for bell in bells:
        await expect(bell.locator(".toast .title")).to_have_text("Title n1")
    assert opened == pages[:1]
    await pages[0].close()
    await site.arrive(note("n2", 1, priority="urgent"))
    for bell in bells[1:]:
        await expect(bell.locator(".toast .title")).to_have_text(["Title n1", "Title n2"])
    await site.arrive(note("n3", 2, priority="urgent"))
    for bell in bells[1:]:
        await expect(bell.locator(".toast .title")).to_have_text(["Title n1", "Title n2", "Title n3"])
        await expect(bell.locator(".badge")).to_have_text("3")
    assert len(opened) == 2


@pytest.mark.thorough
async def test_an_outage_is_every_tabs(context: BrowserContext, site: Site) -> None:
    """The state of the one connection shows in the tab that does not have it as well."""
    pages = [await context.new_page() for _ in range(2)]
    for page in pages:
        await put(page, site)
    await context.set_offline(True)
    for page in pages:
        await expect(page.locator("body")).to_have_attribute("data-state", "offline")


async def test_another_user_in_another_tab_shares_nothing(context: BrowserContext, site: Site) -> None:
    """Two users of one browser have a socket each, and hear what is theirs."""
    pages = [await context.new_page() for _ in range(2)]
    opened = _sockets(*pages)
    ours = await put(pages[0], site)
    theirs = await put(pages[1], site, token=site.token("user", "globex"))
    await site.arrive(note("n1", priority="urgent"))
    await expect(ours.locator(".toast")).to_be_visible()
    await site.ours.bus.publish("globex", USER, {"type": "announcement", "notification": note("g1").public()})
    await expect(theirs.locator(".toast .title")).to_have_text("Title g1")
    await expect(ours.locator(".toast .title")).to_have_text("Title n1")
    assert opened == pages


@pytest.mark.thorough
@pytest.mark.parametrize("missing", _BREAK)
async def test_a_browser_that_cannot_share_has_a_socket_for_each_tab(
    context: BrowserContext, site: Site, missing: str
) -> None:
    """Without locks or channels every tab is live by itself."""
    await context.add_init_script(_BREAK[missing])
    pages = [await context.new_page() for _ in range(2)]
    opened = _sockets(*pages)
    for page in pages:
        await put(page, site)
    assert opened == pages


async def test_two_bells_of_a_page_are_one_inbox(page: Page, site: Site) -> None:
    """One socket, one reading, one number in the title; what is new pops up once, where it can be seen."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/notifications" in request.url else None)
    opened = _sockets(page)
    await site.notify(note("n1"))
    bells = await put(page, site, BELL.replace(">", " title-badge>", 1) * 2)
    await expect(page).to_have_title("(1) Desk")
    for at in range(2):
        await expect(bells.nth(at).locator(".badge")).to_have_text("1")
    assert len(opened) == len(asked) == 1
    await bells.nth(0).locator(".bell").click()
    await bells.nth(0).get_by_role("button", name="Mark as read").click()
    await expect(bells.nth(1).locator(".badge")).to_be_hidden()
    await expect(page).to_have_title("Desk")
    await bells.nth(0).evaluate("bell => bell.close()")
    await site.arrive(note("n2", 1, priority="urgent"))
    await expect(bells.locator(".toast")).to_have_count(1)
    await bells.nth(0).evaluate("bell => (bell.style.display = 'none')")
    await site.arrive(note("n3", 2, priority="urgent"))
    await expect(bells.nth(1).locator(".toast .title")).to_have_text("Title n3")
    await bells.nth(0).evaluate("bell => bell.remove()")
    await site.arrive(note("n4", 3))
    await expect(bells.locator(".badge")).to_have_text("3")
    await expect(page).to_have_title("(3) Desk")
    assert len(opened) == 1


class Deaf:
    """A server that greets, and answers pings only as long as it is told to."""

    def __init__(self) -> None:
        self.sockets = 0
        self.pings = 0
        self.answers = True

    def serve(self, socket: WebSocketRoute) -> None:
        self.sockets += 1

        def hear(message: str | bytes) -> None:
            type_ = json.loads(message)["type"]
            if type_ == "auth":
                socket.send(json.dumps({"type": "ready", "unread_count": 0, "version": 0}))
            elif type_ == "ping":
                self.pings += 1
                if self.answers:
                    socket.send(json.dumps({"type": "pong"}))

        socket.on_message(hear)


NOTES = """() => {
  const {dataset} = document.body;
  addEventListener("connection", ({detail}) => (dataset.was ??= detail.state));
  addEventListener("frame", ({detail}) => detail.type === "pong" && (dataset.pongs = Number(dataset.pongs ?? 0) + 1));
}"""


async def test_a_connection_that_answers_no_ping_is_made_anew(page: Page, site: Site) -> None:
    """A ping every 25 s while it is live; without a pong within 10 s there is another connection."""
    server = Deaf()
    await page.route_web_socket("**/v1/ws", server.serve)
    await page.clock.install()
    await put(page, site)
    await page.evaluate(NOTES)
    for number in (1, 2):
        await page.clock.run_for(25_000)
        await expect(page.locator("body")).to_have_attribute("data-pongs", str(number))
    assert (server.sockets, server.pings) == (1, 2)
    server.answers = False
    await page.clock.run_for(25_000)
    await page.clock.run_for(10_000)
    await expect(page.locator("body")).to_have_attribute("data-was", "offline")
    await page.clock.run_for(1_000)
    await expect(page.locator("body")).to_have_attribute("data-state", "live")
    assert server.sockets == 2


ASKS = """(tokens) => {
  const bell = document.querySelector("notification-bell");
  globalThis.asked = [];
  bell.getToken = async (how) => {
    asked.push(how?.fresh ?? false);
    return how?.fresh ? tokens[1] : tokens[0];
  };
}"""


async def test_a_refused_token_is_asked_for_anew_once(page: Page, site: Site) -> None:
    """A fresh one serves socket and list; where that is refused too, the login has expired and nothing is tried."""
    bad = f"{site.token('user')[:-3]}xyz"
    await site.notify(note("n1"))
    opened = _sockets(page)
    bell = await put(page, site, token="", state="")
    await page.evaluate(ASKS, [bad, site.token("user")])
    await expect(page.locator("body")).to_have_attribute("data-state", "live")
    await expect(bell.locator(".badge")).to_have_text("1")
    assert len(opened) == 2
    await page.evaluate(ASKS, [bad, f"{bad[:-3]}abc"])
    await expect(page.locator("body")).to_have_attribute("data-state", "unauthorized")
    await bell.locator(".bell").click()
    await expect(bell.locator(".note, .state")).to_contain_text(["The login has expired"])
    assert len(opened) == 4


@pytest.mark.thorough
async def test_a_token_that_stays_the_same_is_not_tried_twice(page: Page, site: Site) -> None:
    """A refused attribute means one socket; a fresh one in its place is taken at once."""
    opened = _sockets(page)
    bell = await put(page, site, token=f"{site.token('user')[:-3]}xyz", state="unauthorized")
    assert len(opened) == 1
    await bell.evaluate("(bell, token) => bell.setAttribute('token', token)", site.token("user"))
    await expect(page.locator("body")).to_have_attribute("data-state", "live")
    assert len(opened) == 2


@pytest.mark.thorough
async def test_a_bulk_change_elsewhere_is_read(page: Page, site: Site) -> None:
    """A count with a newer version says that something changed, and the list says what."""
    await site.notify(note("n1"), note("n2", 1))
    bell = await put(page, site)
    await bell.locator(".bell").click()
    await expect(bell.locator("li.unread")).to_have_count(2)
    async with site.ours.database.write() as db:
        await inbox.acknowledge(
            db, Ref(tenant=TENANT, kind=note("n1").kind, id="42"), ["step-n1"], note("n1").created_at
        )
    await site.ours.bus.publish(TENANT, USER, {"type": "unread_count", "count": 2, "version": 2})
    await expect(bell.locator(".taken")).to_have_count(1)


async def test_a_leader_that_sleeps_loses_the_socket(context: BrowserContext, site: Site) -> None:
    """A tab in sight that gets no word from the one with the socket takes it, and that one comes second."""
    pages = [await context.new_page() for _ in range(2)]
    opened = _sockets(*pages)
    await pages[0].add_init_script("BroadcastChannel.prototype.postMessage = () => {}")
    await pages[1].clock.install()
    await put(pages[0], site)
    waiting = asyncio.create_task(put(pages[1], site))
    while len(opened) < 2:
        await pages[1].clock.run_for(1_000)
    bell = await waiting
    await site.arrive(note("n1", priority="urgent"))
    await expect(bell.locator(".toast")).to_be_visible()
