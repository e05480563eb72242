"""Two browsers, an HTTP client and a socket of one user see the same inbox, whatever happens to it and to them.

One browser has a bell on a page of its own, the other the page `/inbox`. PUNCTUAL_OPERATIONS says how long it takes.
"""

import asyncio
import json
import os
import random
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, Page
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from activities.sweep import Sweep
from tests.e2e.pages.bare import put
from tests.e2e.pages.conftest import Site, note
from tests.e2e.pages.inboxes import open_inbox
from tests.eventually import eventually

LONG = 1_000
AT_FIRST = 60
OPERATIONS = int(os.environ.get("PUNCTUAL_OPERATIONS") or LONG // 4)
PATH = "/v1/notifications"
CATEGORIES = ("appointments", "tasks", "tickets")
LATER = timedelta(hours=5)
BELL = """() => {
  const {unread, version, items} = document.querySelector("notification-bell");
  return {unread, version, seen: items.map(({id, read_at}) => [id, !read_at])};
}"""
PAGE = """() => {
  const fresh = document.querySelector("#fresh");
  if (!fresh.hidden) fresh.click();
  const rows = [...document.querySelectorAll("#items > li")];
  const seen = rows.map(({dataset, classList}) => [dataset.id, classList.contains("unread")]);
  return {unread: Number(document.querySelector("#tabs .count").textContent), seen};
}"""
# Where a row is not shown there, as when the network was away, nothing happens.
BELL_ACTS = """([id, act]) => {
  const {shadowRoot} = document.querySelector("notification-bell");
  const found = shadowRoot.querySelector(act === "all" ? "[part=read-all]" : `li[data-id="${id}"] ${act}`);
  found?.click();
  return Boolean(found);
}"""
PAGE_ACTS = """([id, act]) => {
  const button = `#items > li[data-id="${id}"] [data-act="${act}"]`;
  const found = document.querySelector(act === "all" ? "#read-all" : button);
  found?.click();
  return Boolean(found);
}"""


class Socketeer:
    """A client that follows frames as the contract says: what it cannot follow it reads again."""

    def __init__(self, site: Site, http: httpx.AsyncClient) -> None:
        self._site = site
        self._http = http
        self.ids: list[str] = []
        self.unread = self.version = -1
        self.is_cut = False
        self._connection: ClientConnection | None = None

    async def run(self) -> None:
        while True:
            if self.is_cut:
                await asyncio.sleep(0.02)
                continue
            try:
                async with connect(f"{self._site.url.replace('http', 'ws')}/v1/ws") as connection:
                    self._connection = connection
                    await connection.send(json.dumps({"type": "auth", "token": self._site.token()}))
                    async for text in connection:
                        await self._hear(json.loads(text))
            except ConnectionClosed:
                continue

    async def cut(self) -> None:
        self.is_cut = True
        if self._connection is not None:
            await self._connection.close()

    async def _read(self) -> None:
        items, self.unread, self.version = await listed(self._http)
        self.ids = [id_ for id_, _ in items]

    async def _hear(self, frame: dict[str, Any]) -> None:
        version = frame.get("version", -1)
        if version <= self.version:
            return
        if frame["type"] in ("ready", "unread_count") or version > self.version + 1:
            await self._read()
            return
        self.version, self.unread = version, frame["unread_count"]
        if frame["type"] == "notification_deleted":
            self.ids = [id_ for id_ in self.ids if id_ != frame["id"]]
            return
        changed = frame["notification"]
        is_shown = changed["archived_at"] is None and changed["snoozed_until"] is None
        if is_shown != (changed["id"] in self.ids):
            # Where in the list it belongs the list knows.
            await self._read()


async def listed(http: httpx.AsyncClient) -> tuple[list[list[Any]], int, int]:
    """The whole list as ids and whether they are unread, the unread count and version; all as of one version."""
    while True:
        items: list[list[Any]] = []
        versions: set[int] = set()
        query = {"limit": "100"}
        while True:
            page = (await http.get(PATH, params=query)).raise_for_status().json()
            items += [[item["id"], item["read_at"] is None] for item in page["items"]]
            versions.add(page["version"])
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        if len(versions) == 1:
            return items, page["unread_count"], page["version"]


class Life:
    """What a seed makes happen to an inbox, by every way there is."""

    def __init__(self, site: Site, http: httpx.AsyncClient, browsers: tuple[Page, Page], seed: str) -> None:
        self._site = site
        self._http = http
        self._browsers = browsers
        self.in_bell = self.on_page = 0
        """Acts that were done in the browsers."""
        self._chance = random.Random(seed)
        self._sweep = Sweep(site.ours.database, site.ours.bus)
        self._ids: list[str] = []

    async def begin(self) -> None:
        """What is in the inbox before anybody looks."""
        self._ids += [f"first{number}" for number in range(AT_FIRST)]
        await self._site.notify(*[note(id_, number - AT_FIRST) for number, id_ in enumerate(self._ids)])

    async def one(self, number: int) -> None:
        """One operation."""
        ways: list[Callable[[int], Any]] = [self._arrive] * 9 + [self._change] * 5 + [self._bulk] * 2
        ways += [self._delete, self._mark_all, self._time] + [self._bell] * 2 + [self._page] * 2
        await self._chance.choice(ways)(number)

    async def _arrive(self, number: int) -> None:
        expires = datetime.now(UTC) + timedelta(hours=1) if self._chance.random() < 0.1 else None
        id_ = f"n{number}-{uuid.UUID(int=self._chance.getrandbits(128)).hex[:8]}"
        category = self._chance.choice(CATEGORIES)
        await self._site.arrive(note(id_, number, category=category, expires_at=expires))
        self._ids.append(id_)

    async def _change(self, _: int) -> None:
        until = (datetime.now(UTC) + timedelta(hours=self._chance.randint(1, 9))).isoformat()
        bodies = [{"read": True}, {"read": False}, {"archived": True}, {"archived": False}, {"snoozed_until": until},
                  {"snoozed_until": None}]  # fmt: skip
        await self._http.patch(f"{PATH}/{self._any()}", json=self._chance.choice(bodies))

    async def _bulk(self, _: int) -> None:
        action = self._chance.choice(["read", "unread", "archive", "unarchive", "delete"])
        ids = [self._any() for _ in range(self._chance.randint(1, 5))]
        await self._http.post(f"{PATH}/bulk", json={"ids": ids, "action": action})

    async def _delete(self, _: int) -> None:
        if self._chance.random() < 0.2:
            await self._http.delete(PATH, params={"status": "read"})
        else:
            await self._http.delete(f"{PATH}/{self._any()}")

    async def _mark_all(self, _: int) -> None:
        await self._http.post(f"{PATH}/mark-all-read", json={"category": self._chance.choice(CATEGORIES)})

    async def _bell(self, _: int) -> None:
        act = self._chance.choice([".dot"] * 4 + [".tool.archive"] * 4 + ["all"])
        self.in_bell += await self._browsers[0].evaluate(BELL_ACTS, [self._recent(), act])

    async def _page(self, _: int) -> None:
        act = self._chance.choice(["read"] * 4 + ["archive"] * 4 + ["all"])
        self.on_page += await self._browsers[1].evaluate(PAGE_ACTS, [self._recent(), act])

    async def _time(self, _: int) -> None:
        """Hours go by for what is snoozed or expires."""
        await self._sweep.once(datetime.now(UTC) + LATER)

    def _recent(self) -> str:
        """One that is likely to be shown in a browser."""
        return self._chance.choice(self._ids[-12:])

    def _any(self) -> str:
        return self._chance.choice(self._ids)


@asynccontextmanager
async def _other(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(locale="en-GB")
    yield context
    await context.close()


async def test_all_views_agree_after_many_operations(browser: Browser, context: BrowserContext, site: Site) -> None:
    """The network of each is cut and restored on the way; five seconds after the last act all say the same."""
    headers = {"Authorization": f"Bearer {site.token()}"}
    async with (
        _other(browser) as second,
        httpx.AsyncClient(base_url=site.url, headers=headers, trust_env=False, timeout=30) as http,
    ):
        socketeer = Socketeer(site, http)
        following = asyncio.create_task(socketeer.run())
        pages = (await context.new_page(), await second.new_page())
        life = Life(site, http, pages, "agreement")
        await life.begin()
        await (await put(pages[0], site)).evaluate("bell => bell.open()")
        await open_inbox(pages[1], site)
        cuts: dict[int, Any] = {
            OPERATIONS * 25 // 100: lambda: asyncio.gather(context.set_offline(True), socketeer.cut()),
            OPERATIONS * 45 // 100: lambda: context.set_offline(False),
            OPERATIONS * 50 // 100: lambda: second.set_offline(True),
            OPERATIONS * 80 // 100: lambda: second.set_offline(False),
        }
        for number in range(OPERATIONS):
            if number in cuts:
                await cuts[number]()
            socketeer.is_cut &= number != OPERATIONS * 60 // 100
            await life.one(number)

        async def agree() -> bool:
            items, unread, version = await listed(http)
            views = [await page.evaluate(BELL) for page in pages] + [await pages[1].evaluate(PAGE)]
            return (socketeer.ids, socketeer.unread, socketeer.version) == (
                [id_ for id_, _ in items],
                unread,
                version,
            ) and all(
                view["unread"] == unread
                and view.get("version", version) == version
                and view["seen"] == items[: len(view["seen"])]
                and len(view["seen"]) >= min(20, len(items))
                for view in views
            )

        await eventually(agree, within=5)
        assert len(socketeer.ids) > 20
        assert min(life.in_bell, life.on_page) > OPERATIONS // 50
        following.cancel()
