"""The bell on anybody's page: its languages, colours, directions, names and ways, and what it leaves alone."""

from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.application import application
from tests.e2e.pages.bare import BELL, put
from tests.e2e.pages.conftest import Site, note
from tests.server import serving

TAKE = [{"action": "acknowledge", "title": "Acknowledge"}]


async def test_it_speaks_the_language_of_where_it_is(page: Page, site: Site) -> None:
    """Hindi by the nearest ancestor, English by its own attribute and where there are no words; times as well."""
    await site.notify(note("n1"), note("n2", 1))
    bells = await put(page, site, f'<div lang="hi-IN">{BELL}</div><div lang="fr">{BELL}</div>{BELL}', lang="hi")
    await expect(bells.nth(0).locator(".bell")).to_have_attribute("aria-label", "सूचनाएँ, 2 अपठित")
    await expect(bells.nth(1).locator(".bell")).to_have_attribute("aria-label", "Notifications, 2 unread")
    await bells.nth(2).evaluate("bell => bell.setAttribute('lang', 'en')")
    await expect(bells.nth(2).locator(".bell")).to_have_attribute("aria-label", "Notifications, 2 unread")
    await bells.nth(0).locator(".bell").click()
    await expect(bells.nth(0).get_by_role("tab", name="अपठित")).to_be_visible()
    await expect(bells.nth(0).locator("li time").first).to_contain_text("पहले")


async def test_both_languages_have_every_word(page: Page, site: Site) -> None:
    """The same keys, the same values to fill in, and a form for every number."""
    await page.goto(f"{site.url}/healthz")
    differing = await page.evaluate("""async () => {
      const {WORDS: {en, hi}} = await import("/bell/words.js");
      const fills = (words) => [...new Set(JSON.stringify(words).match(/\\{\\w+\\}/g))].sort().join();
      const forms = (words) => typeof words === "string" || words.other;
      const keys = new Set([...Object.keys(en), ...Object.keys(hi)]);
      return [...keys].filter((key) => !en[key] || !hi[key] || fills(en[key]) !== fills(hi[key]) || !forms(hi[key]));
    }""")
    assert differing == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(page: Page, site: Site, scheme: Literal["light", "dark"]) -> None:
    """List, menu, toast and undo, in both colour schemes: neither a wrong role nor too little contrast."""
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await site.notify(
        note("n1", priority="urgent", actions=TAKE, action_url="/x", action_text="Open"),
        note("n2", 1, priority="high"),
        note("n3", 2, read_at=note("x").created_at, acknowledged_at=note("x").created_at),
    )  # fmt: skip
    bell = await put(page, site, f"<main><h1>Desk</h1>{BELL}</main>")
    colours = ("#171614", "#f1efeb") if scheme == "dark" else ("#fff", "#1d1c1a")
    await page.add_style_tag(content=f"body {{ background: {colours[0]}; color: {colours[1]}; }}")
    await site.arrive(note("n4", 4, priority="urgent", actions=TAKE))
    await expect(bell.locator(".toast")).to_be_visible()
    options = {"resultTypes": ["violations"]}
    found = (await Axe().run(page, options=options)).response["violations"]
    await bell.locator(".bell").click()
    await bell.locator("li .open").first.focus()
    await page.keyboard.press("e")
    await page.keyboard.press("s")
    await expect(bell.locator(".menu")).to_be_visible()
    found += (await Axe().run(page, options=options)).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


@pytest.mark.thorough
async def test_the_theme_is_the_attributes_else_the_systems(page: Page, site: Site) -> None:
    """Forced to one of the two, and following the system without it."""
    await page.emulate_media(color_scheme="dark")
    bells = await put(page, site, f'<notification-bell theme="light"></notification-bell>{BELL}')
    for at, colour in ((0, "rgb(255, 255, 255)"), (1, "rgb(33, 31, 29)")):
        await bells.nth(at).evaluate("bell => bell.open()")
        await expect(bells.nth(at).locator(".panel")).to_have_css("background-color", colour)


@pytest.mark.thorough
@pytest.mark.parametrize("dir", ["ltr", "rtl"])
@pytest.mark.parametrize("width", [390, 1000])
async def test_nothing_is_out_of_sight(page: Page, site: Site, dir: str, width: int) -> None:
    """Panel, menu and toast are within the window, wherever the bell is and however the page is written."""
    await page.set_viewport_size({"width": width, "height": 700})
    await site.notify(note("n1", title="word " * 40), note("n2", 1, title="x" * 200))
    corners = "".join(f'<p style="position: fixed; {place}">{BELL}</p>' for place in (
        "top: 0; left: 0", "top: 0; right: 0", "bottom: 0; left: 0", "bottom: 0; right: 0",
    ))  # fmt: skip
    bells = await put(page, site, corners, dir=dir)
    for at in range(4):
        bell = bells.nth(at)
        await expect(bell.locator(".badge")).to_have_text("2")
        await bell.evaluate("bell => bell.open()")
        await page.keyboard.press("s")
        for part in (".panel", ".menu"):
            await bell.locator(part).evaluate("one => Promise.all(one.getAnimations().map(({finished}) => finished))")
            box = await bell.locator(part).bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= 700
        await bell.evaluate("bell => bell.close()")


async def test_the_title_counts_while_it_is_asked_to(page: Page, site: Site) -> None:
    """Also when the page changes its title; without the attribute the title is the page's alone."""
    await site.notify(note("n1"))
    bell = await put(page, site, "<notification-bell title-badge></notification-bell>")
    await expect(page).to_have_title("(1) Desk")
    await page.evaluate("document.title = 'Card'")
    await expect(page).to_have_title("(1) Card")
    await site.arrive(note("n2", 1))
    await expect(page).to_have_title("(2) Card")
    await bell.evaluate("bell => bell.removeAttribute('title-badge')")
    await expect(page).to_have_title("Card")


@pytest.mark.thorough
async def test_the_ways_to_the_pages_can_be_set_and_hidden(page: Page, site: Site) -> None:
    """By default they lead to the API's own pages; an address is taken, an empty one leaves none."""
    bell = await put(page, site)
    await bell.locator(".bell").click()
    all_, settings = bell.get_by_role("link", name="See all"), bell.get_by_role("link", name="Notification settings")
    await expect(all_).to_have_attribute("href", f"{site.url}/inbox")
    await expect(settings).to_have_attribute("href", f"{site.url}/preferences")
    await bell.evaluate("bell => bell.setAttribute('inbox-url', 'https://crm.example.com/news')")
    await bell.evaluate("bell => bell.setAttribute('preferences-url', '')")
    await expect(all_).to_have_attribute("href", "https://crm.example.com/news")
    await expect(settings).to_have_count(0)


async def test_it_works_from_another_origin_and_leaves_the_page_alone(page: Page, site: Site) -> None:
    """List, acts and live frames of an API elsewhere; the page's style is not the bell's, nor the other way round."""
    site.ours.settings.allowed_origins = [site.url]
    async with serving(application(site.ours)) as server:
        api = f"http://127.0.0.1:{server.port}"
        await site.notify(note("n1"))
        style = "<style>* { text-transform: uppercase } body { letter-spacing: 9px } button { display: none }</style>"
        bell = await put(page, site, f"{style}<b class=open>mine</b>{BELL}", api=api)
        await expect(bell.locator(".badge")).to_have_text("1")
        await bell.locator(".bell").click()
        await expect(bell.locator("li .title")).to_have_css("text-transform", "none")
        await expect(bell.locator("li .title")).to_have_css("letter-spacing", "normal")
        await expect(page.locator("b")).to_have_css("display", "inline")
        await bell.get_by_role("button", name="Mark as read: Title n1").click()
        await expect(bell.locator(".badge")).to_be_hidden()
        await site.arrive(note("n2", 1, priority="high"))
        await expect(bell.locator("li .title")).to_have_text(["Title n2", "Title n1"])
        assert await page.evaluate("document.styleSheets.length + document.adoptedStyleSheets.length") == 1
        await page.goto("about:blank")


@pytest.mark.thorough
async def test_the_list_grows_as_it_is_scrolled(page: Page, site: Site) -> None:
    """To its end, by scrolling and by the arrow key alike; the focus stays where it was, and it is said."""
    await site.notify(*[note(f"n{number}", number) for number in range(45)])
    bell = await put(page, site)
    await bell.locator(".bell").click()
    await expect(bell.locator("li")).to_have_count(20)
    await bell.locator(".scroll").evaluate("list => (list.scrollTop = list.scrollHeight)")
    await expect(bell.locator("li")).to_have_count(40)
    await expect(bell.locator(".quiet[role=status]")).to_have_text("20 older notifications were added")
    await expect(bell.locator("li .open").first).to_be_focused()
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowDown")
    await expect(bell.locator("li")).to_have_count(45)
    await expect(bell.locator("li .title").last).to_have_text("Title n0")


@pytest.mark.thorough
async def test_attributes_that_make_no_sense_are_said_and_harm_nothing(browser: Browser, site: Site) -> None:
    """A language there are no words in, links that are no addresses; an API's address that is none is said."""
    context = await browser.new_context(locale="en-GB", service_workers="block")
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if "<notification-bell>" in message.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    await site.notify(note("n1"))
    odd = [
        f'<notification-bell inbox-url="{url}"></notification-bell>' for url in ("javascript:alert(1)", "http://[")
    ]
    bells = await put(page, site, f'<div lang="constructor">{odd[0]}</div>{odd[1]}')
    for at in range(2):
        await expect(bells.nth(at).locator(".bell")).to_have_attribute("aria-label", "Notifications, 1 unread")
        await expect(bells.nth(at).locator(".see-all")).to_have_attribute("href", f"{site.url}/inbox")
    assert said == []
    for src in ("http://[", "ftp://punctual.example", "javascript:alert(1)"):
        bell = await put(page, site, f'<notification-bell src="{src}"></notification-bell>', state="")
        await bell.locator(".bell").click()
        await expect(bell.locator(".note")).to_contain_text("the address of its server is not valid")
        assert said == [f"<notification-bell>: src is not an http(s) address: {src}"]
        said.clear()
    await bell.evaluate("bell => bell.removeAttribute('src')")
    await expect(bell.locator(".badge")).to_have_text("1")
    await context.close()


@pytest.mark.thorough
async def test_long_lists_cost_little(page: Page, site: Site) -> None:
    """Formatters of dates are made once, and of 2,000 that are shown a bulk change reads 500 again."""
    await page.goto(f"{site.url}/healthz")
    made, asked, shown = await page.evaluate("""async () => {
      let made = 0;
      const Real = Intl.DateTimeFormat;
      Intl.DateTimeFormat = function (...given) { made += 1; return new Real(...given); };
      const {absolute} = await import("/bell/format.js");
      for (let at = 0; at < 100; at += 1) absolute(new Date(at * 1e9).toISOString());
      const {Feed} = await import("/bell/feed.js");
      const {Store} = await import("/bell/store.js");
      const at = (n) => new Date(2e12 - n * 1000).toISOString();
      const all = Array.from({length: 2000}, (_, n) => ({id: `n${n}`, created_at: at(n)}));
      let asked = 0;
      const call = async (_, path) => {
        const query = new URLSearchParams(path.split("?")[1]);
        const from = Number(query.get("cursor") ?? 0);
        const to = from + Number(query.get("limit"));
        asked += to - from;
        return {items: all.slice(from, to), next_cursor: to < all.length ? String(to) : null};
      };
      const feed = new Feed({call}, new Store(), "all");
      await feed.read();
      while (feed.cursor) await feed.more();
      const shown = feed.items.length;
      asked = 0;
      await feed.read();
      return [made, asked, [shown, feed.items.length]];
    }""")
    assert (made, asked, shown) == (1, 500, [2000, 500])
