"""What makes the pages an app: the manifest, the icons, the offline page; and their two languages."""

import re
import struct
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

import catalogue
from punctual.channels import CHANNELS
from punctual.fields import CATEGORIES
from tests.e2e.pages.conftest import Site, note

WEB = Path(__file__).parents[3] / "web"
STORED = ["/offline", "/static/icons/icon.svg", "/static/pages/offline.css", "/static/pages/offline.js"]
CONTROLLED = """new Promise(done => navigator.serviceWorker.controller ? done(null)
  : navigator.serviceWorker.addEventListener("controllerchange", () => done(null), { once: true }))"""
# Waits pass at once, and are written down; none is shortened by chance.
WAITS = """Math.random = () => 1;
const soon = setTimeout;
window.setTimeout = (does, length) => {
  sessionStorage.waits = JSON.stringify([...JSON.parse(sessionStorage.waits ?? "[]"), length]);
  soon(does);
};"""
CACHED = """async () => {
  const paths = [];
  for (const name of await caches.keys())
    for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname);
  return paths.sort();
}"""

pytestmark = pytest.mark.service_worker


async def test_the_manifest_has_what_installing_needs(site: Site) -> None:
    """A name, a start, an own window, icons of the sizes they say, and shortcuts to pages that exist."""
    manifest = (await site.get("/manifest.webmanifest", role="")).json()
    assert {"name", "short_name", "background_color", "theme_color"} <= set(manifest)
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/", "/", "standalone")
    kinds = set()
    for icon in manifest["icons"]:
        answer = await site.get(icon["src"], role="")
        assert answer.status_code == 200
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", answer.content[16:24])
            assert f"{width}x{height}" == icon["sizes"]
            kinds.add((icon["sizes"], icon["purpose"]))
    assert kinds == {(size, purpose) for size in ("192x192", "512x512") for purpose in ("any", "maskable")}
    for shortcut in manifest["shortcuts"]:
        page = (await site.get(shortcut["url"], role="")).text
        assert 'rel="manifest"' in page
        assert 'rel="apple-touch-icon"' in page


async def test_without_a_network_a_page_of_its_own_waits_for_it(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """It stands in for any page, says so in the reader's language, and gives way when the server answers again."""
    await site.notify(note("one"))
    await page.goto(f"{site.url}/inbox?lang=hi#token={site.token('user')}")
    await expect(page.locator("#items li")).to_have_count(1)
    await page.evaluate(CONTROLLED)
    await context.set_offline(True)
    await page.goto(f"{site.url}/preferences")
    await expect(page.get_by_role("heading")).to_have_text("कनेक्शन नहीं है")
    await context.set_offline(False)
    await expect(page.locator("#all")).to_be_visible()
    assert page.url == f"{site.url}/preferences"
    assert await page.evaluate(CACHED) == STORED


@pytest.mark.thorough
async def test_the_offline_page_gives_way_to_its_own_address_only_and_ever_more_rarely(
    page: Page, site: Site
) -> None:
    """A server that answers elsewhere is no reason to ask for the page again and again."""
    shown = looks = 0

    async def gone(route: Route) -> None:
        nonlocal shown, looks
        if not route.request.is_navigation_request():
            looks += 1
            await (route.abort() if looks <= 3 else route.fulfill(body="here"))
        elif (shown := shown + 1) > 6:
            await route.fulfill(body="<title>Here</title>", content_type="text/html")
        else:
            await route.fulfill(path=WEB / "offline.html")

    await page.add_init_script(WAITS)
    await page.route("**/inbox", gone)
    await page.goto(f"{site.url}/inbox", wait_until="commit")
    await expect(page).to_have_title("Here")
    in_one_page, between_pages = [2, 4, 8], [4, 8, 16, 30, 30]
    waits = await page.evaluate("JSON.parse(sessionStorage.waits)")
    assert waits == [seconds * 1000 for seconds in in_one_page + between_pages]


@pytest.mark.thorough
async def test_a_clicked_push_leaves_a_window_with_a_form_alone(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """It goes to a window of its own, or to the inbox's. The worker deletes its own older stores and no others."""
    await page.goto(f"{site.url}/healthz")
    await page.evaluate("Promise.all(['punctual-older', 'theirs'].map(name => caches.open(name))).then(() => null)")
    await page.goto(site.login)
    await page.evaluate(CONTROLLED)
    assert await page.evaluate("caches.keys()") == ["theirs", "punctual-offline-1"]
    await page.get_by_label("Title").fill("Half typed")
    [worker] = context.service_workers
    url = f"{site.url}/preferences"
    # Browsers open and focus windows after a real click only.
    await worker.evaluate("() => { self.opened = []; self.clients.openWindow = async url => void opened.push(url) }")
    await worker.evaluate(f"open({url!r})")
    assert await worker.evaluate("opened") == [url]
    await expect(page.get_by_label("Title")).to_have_value("Half typed")
    inbox = await context.new_page()
    await inbox.goto(f"{site.url}/inbox")
    await worker.evaluate(f"open({url!r}).catch(() => null)")
    await inbox.wait_for_url(url)
    assert await worker.evaluate("opened") == [url]
    assert page.url == f"{site.url}/"


@pytest.mark.thorough
async def test_without_a_token_the_pages_ask_for_one(page: Page, site: Site) -> None:
    """In the browser's language or the chosen one; a token opens the page, logging out closes it."""
    await page.goto(f"{site.url}/preferences")
    await page.get_by_label("Token").fill("nonsense")
    await page.keyboard.press("Enter")
    await expect(page.locator("#token-error")).to_contain_text("This is not a token")
    await page.get_by_label("Language").select_option("hi")
    await expect(page.get_by_role("heading")).to_have_text("Punctual में लॉग इन करें")
    await page.get_by_label("टोकन").fill(site.token("user"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#all")).to_be_visible()
    await page.get_by_role("button", name="लॉग आउट").click()
    await expect(page.locator("#login")).to_be_visible()
    assert await page.evaluate("sessionStorage.getItem('punctual-token')") == ""


@pytest.mark.thorough
async def test_the_language_is_the_addresses_then_the_chosen_then_the_browsers(page: Page, site: Site) -> None:
    """The document says which; dates are in it, the bell as well."""
    await site.notify(note("one"))
    await page.goto(f"{site.url}/inbox#token={site.token('user')}")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.goto(f"{site.url}/inbox?status=all&lang=hi")
    await expect(page).to_have_title("(1) इनबॉक्स · Punctual")
    await expect(page.locator("notification-bell").get_by_role("button", name="सूचनाएँ").first).to_be_visible()
    await page.locator("#items .title").click()
    await expect(page.locator(".detail")).to_contain_text("नव")
    await page.goto(f"{site.url}/inbox?lang=constructor")
    await expect(page.locator("html")).to_have_attribute("lang", "hi")
    await page.get_by_label("भाषा").select_option("en")
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def _asked() -> set[str]:
    """Every key that the pages' files name whole."""
    files = [*(WEB / "pages").glob("*.js"), *(WEB / "inbox").glob("*.js"), *(WEB / "preferences").glob("*.js")]
    text = "".join(file.read_text() for file in files)
    pages = (WEB / "inbox.html").read_text() + (WEB / "preferences.html").read_text()
    return set(re.findall(r'\bt\("([\w.]+)"', text)) | set(re.findall(r'data-t[a-z-]*="([\w.]+)"', pages))


async def test_every_word_is_there_in_both_languages(page: Page, site: Site) -> None:
    """Nothing is in one language only, and no name is of what there is not. A type without a name reads as it is."""
    await page.goto(f"{site.url}/offline")
    words: dict[str, dict[str, Any]] = await page.evaluate("import('/static/pages/words.js').then(({ ALL }) => ALL)")
    names = {f"type.{type_}" for type_ in catalogue.load()} | {f"channel.{one}" for one in CHANNELS}
    names |= {f"category.{one}" for one in CATEGORIES}
    english, hindi = words["en"], words["hi"]
    assert _asked() - set(english) == set()
    assert {key for key in english if key.split(".")[0] in ("type", "channel", "category")} - names == set()
    assert (
        await page.evaluate("import('/static/pages/words.js').then(({ name }) => name('type', 'pet.found'))")
        == "Pet found"
    )
    # What the server refuses it says in English itself.
    assert {key for key in hindi if not key.startswith("refused.")} == set(english)
    placeholders = {key: set(re.findall(r"\{\w+\}", str(text))) for key, text in english.items()}
    assert {key for key in english if set(re.findall(r"\{\w+\}", str(hindi[key]))) != placeholders[key]} == set()
