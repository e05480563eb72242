"""A browser that gets pushes."""

import asyncio
from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page, Worker

from tests.e2e.pages.conftest import Site

# Chromium forgets a notification that it is asked for while it is still on its way to the screen.
SHOWN = """async () => {
  while (!self.showing) await new Promise(again => setTimeout(again, 10));
  await showing;
  self.showing = null;
  const one = (await registration.getNotifications()).at(-1);
  const buttons = one.actions.map(({ action }) => action);
  return [one.title, one.body, one.data.navigate.replace(location.origin, ""), buttons];
}"""
# Closing takes a while, and would take the next one of the same tag along.
CLEAR = """async () => {
  for (const one of await registration.getNotifications()) one.close();
  while ((await registration.getNotifications()).length) await new Promise(again => setTimeout(again, 10));
}"""
# Events that scripts make cannot be waited for, and open no window.
STUBS = """() => {
  self.opened = [];
  self.posted = [];
  self.answer = 200;
  self.clients.openWindow = async url => void opened.push(url);
  registration.showNotification = (...all) =>
    (self.showing = ServiceWorkerRegistration.prototype.showNotification.apply(registration, all));
  const real = self.real ??= self.fetch;
  self.fetch = async (url, how) => {
    if (how?.method !== "POST") return real(url, how);
    posted.push([url, how.method, how.credentials, String(how.body ?? "")]);
    return answer ? new Response("", { status: answer }) : real(url, how);
  };
}"""
HAPPENS = """async ([type, action]) => {
  const [notification] = await registration.getNotifications();
  const event = new NotificationEvent(type, { notification, action });
  let done;
  event.waitUntil = (promise) => (done = promise);
  self.dispatchEvent(event);
  await done;
  return [opened.splice(0), posted.splice(0)];
}"""


@dataclass
class Device:
    """A browser with the service worker, and what the push service brings it."""

    page: Page
    worker: Worker
    devtools: CDPSession
    registration: str
    origin: str

    async def push(self, data: str) -> None:
        push = {"origin": self.origin, "registrationId": self.registration, "data": data}
        async with asyncio.timeout(30):
            await self.devtools.send("ServiceWorker.deliverPushMessage", push)

    async def shown(self) -> Any:
        """Title, text, link and actions of the notification that is shown."""
        async with asyncio.timeout(30):
            return await self.worker.evaluate(SHOWN)

    async def happens(self, type_: str, action: str = "") -> Any:
        """Which addresses the worker opens, and what it posts, when somebody does something to the notification."""
        async with asyncio.timeout(30):
            return await self.worker.evaluate(HAPPENS, [type_, action])


async def started(page: Page, context: BrowserContext, site: Site) -> Device:
    """A page of ours without a login, whose worker is active."""
    await context.grant_permissions(["notifications"], origin=site.url)
    await page.goto(f"{site.url}/offline")
    devtools = await context.new_cdp_session(page)
    activated: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def look(event: dict[str, Any]) -> None:
        for version in event["versions"]:
            if version["status"] == "activated" and not activated.done():
                activated.set_result(version["registrationId"])

    devtools.on("ServiceWorker.workerVersionUpdated", look)
    await devtools.send("ServiceWorker.enable")
    await page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => null)")
    async with asyncio.timeout(30):
        registration = await activated
        [worker] = context.service_workers
        await worker.evaluate(STUBS)
    return Device(page, worker, devtools, registration, site.url)
