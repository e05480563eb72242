"""Two browsers, an HTTP client and a socket of one user see the same inbox, whatever happens to it and to them."""

import asyncio
import json
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
from tests.e2e.pages.conftest import Site, note
from tests.eventually import eventually

OPERATIONS = 1_000
PATH = "/v1/notifications"
CATEGORIES = ("appointments", "tasks", "tickets")
LATER = timedelta(hours=5)
VIEW = "bell => ({unread: bell.unread, version: bell.version, ids: bell.items.map(({id}) => id)})"


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

    async def _hear(self, frame: dict[str, Any]) -> None:
        version = frame.get("version", -1)
        if version <= self.version:
            return
        if frame["type"] in ("ready", "unread_count") or version > self.version + 1:
            self.ids, self.unread, self.version = await listed(self._http)
            return
        self.version, self.unread = version, frame["unread_count"]
        if frame["type"] == "notification_deleted":
            self.ids = [id_ for id_ in self.ids if id_ != frame["id"]]
            return
        changed = frame["notification"]
        is_shown = changed["archived_at"] is None and changed["snoozed_until"] is None
        if is_shown != (changed["id"] in self.ids):
            # Where in the list it belongs the list knows.
            self.ids, self.unread, self.version = await listed(self._http)


async def listed(http: httpx.AsyncClient) -> tuple[list[str], int, int]:
    """The whole list, its unread count and version, as of one version."""
    while True:
        ids: list[str] = []
        versions: set[int] = set()
        query = {"limit": "100"}
        while True:
            page = (await http.get(PATH, params=query)).raise_for_status().json()
            ids += [item["id"] for item in page["items"]]
            versions.add(page["version"])
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        if len(versions) == 1:
            return ids, page["unread_count"], page["version"]


class Life:
    """What a seed makes happen to an inbox, by every way there is."""

    def __init__(self, site: Site, http: httpx.AsyncClient, seed: str) -> None:
        self._site = site
        self._http = http
        self._chance = random.Random(seed)
        self._sweep = Sweep(site.ours.database, site.ours.bus)
        self._ids: list[str] = []

    async def one(self, number: int) -> None:
        """One operation."""
        ways: list[Callable[[int], Any]] = [self._arrive] * 8 + [self._change] * 8 + [self._bulk] * 3
        ways += [self._delete, self._mark_all, self._time]
        await self._chance.choice(ways if self._ids else [self._arrive])(number)

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

    async def _time(self, _: int) -> None:
        """Hours go by for what is snoozed or expires."""
        await self._sweep.once(datetime.now(UTC) + LATER)

    def _any(self) -> str:
        return self._chance.choice(self._ids)


@asynccontextmanager
async def _other(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(locale="en-GB")
    yield context
    await context.close()


async def _open(page: Page, site: Site) -> Page:
    await page.goto(site.login)
    await page.wait_for_function("() => document.querySelector('notification-bell').version >= 0")
    return page


async def test_all_views_agree_after_a_thousand_operations(
    browser: Browser, context: BrowserContext, site: Site
) -> None:
    """The network of each is cut and restored on the way; five seconds after the last act all say the same."""
    headers = {"Authorization": f"Bearer {site.token()}"}
    async with (
        _other(browser) as second,
        httpx.AsyncClient(base_url=site.url, headers=headers, trust_env=False, timeout=30) as http,
    ):
        socketeer = Socketeer(site, http)
        following = asyncio.create_task(socketeer.run())
        pages = [await _open(await one.new_page(), site) for one in (context, second)]
        life = Life(site, http, "agreement")
        cuts: dict[int, Any] = {
            250: lambda: asyncio.gather(context.set_offline(True), socketeer.cut()),
            450: lambda: context.set_offline(False),
            500: lambda: second.set_offline(True),
            800: lambda: second.set_offline(False),
        }
        for number in range(OPERATIONS):
            if number in cuts:
                await cuts[number]()
            socketeer.is_cut &= number != 600
            await life.one(number)
        wanted = await listed(http)

        async def agree() -> bool:
            views = [await page.locator("notification-bell").evaluate(VIEW) for page in pages]
            return (socketeer.ids, socketeer.unread, socketeer.version) == wanted and all(
                (view["unread"], view["version"]) == wanted[1:]
                and view["ids"] == wanted[0][: len(view["ids"])]
                and len(view["ids"]) >= min(20, len(wanted[0]))
                for view in views
            )

        await eventually(agree, within=5)
        assert len(wanted[0]) > 20
        following.cancel()
