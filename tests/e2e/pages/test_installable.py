"""What makes the pages an app: the manifest, the icons, the offline page; and their two languages."""

import re
import struct
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

import catalogue
from punctual.channels import CHANNELS
from punctual.fields import CATEGORIES
from tests.e2e.pages.conftest import Site, note

WEB = Path(__file__).parents[3] / "web"
STORED = ["/offline", "/static/icons/icon.svg", "/static/pages/offline.css", "/static/pages/offline.js"]
CONTROLLED = """new Promise(done => navigator.serviceWorker.controller ? done(null)
  : navigator.serviceWorker.addEventListener("controllerchange", () => done(null), { once: true }))"""
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
    await page.goto(f"{site.url}/inbox")
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
