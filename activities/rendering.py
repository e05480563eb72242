"""From a notice's words and an entity's snapshot to the text that one person reads, in their language and zone."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, format_timedelta
from jinja2 import StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from catalogue import Notice
from punctual.errors import UnsafeUrl
from punctual.people import first_name
from punctual.urls import action_url
from punctual.wire import zone

TITLE_LIMIT = 200
MESSAGE_LIMIT = 2000


@pass_context
def _when(context: Context, value: str) -> str:
    """`Fri 20 Nov, 10:00 (Europe/Berlin)` in the reader's language and zone."""
    zone_name: str = context["_zone"]
    local = datetime.fromisoformat(value).astimezone(zone(zone_name))
    this_year = context["_now"].astimezone(local.tzinfo).year == local.year
    pattern = "EEE d MMM, HH:mm" if this_year else "EEE d MMM y, HH:mm"
    return f"{format_datetime(local, pattern, locale=context['_locale'])} ({zone_name})"


@pass_context
def _from_now(context: Context, value: str) -> str:
    """`in 30 minutes` in the reader's language."""
    left = datetime.fromisoformat(value) - context["_now"]
    return format_timedelta(
        timedelta(seconds=round(left.total_seconds())), add_direction=True, threshold=1.5, locale=context["_locale"]
    )


_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_environment.filters.update(when=_when, from_now=_from_now, first_name=first_name)


@cache
def _compiled(source: str) -> Template:
    """The catalogue's words, each compiled once: that costs more than all the rest of rendering."""
    return _environment.from_string(source)


def supported(locale: str) -> Locale:
    """The locale called `locale`, or its language, or English."""
    for name in (locale.replace("-", "_"), locale.replace("_", "-").split("-")[0]):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def render(
    notice: Notice, snapshot: Mapping[str, Any], *, locale: str, timezone: str, now: datetime
) -> tuple[str, str, str]:
    """Title, message and the action's text; a field that `snapshot` lacks reads as empty where it is optional."""
    words = notice.in_locale(locale)
    context = {name: snapshot.get(name) for name in notice.about.fields}
    context |= {"_locale": supported(locale), "_zone": timezone, "_now": now}
    title, message = _compiled(words.title).render(context), _compiled(words.message).render(context)
    return _cut(" ".join(title.split()), TITLE_LIMIT), _cut(message.strip(), MESSAGE_LIMIT), words.action_text


def allowed_link(url: str | None, hosts: Collection[str]) -> str | None:
    """`url` if it may be opened, else None: events that came past the API were not checked for their host."""
    try:
        return action_url(url, hosts) if url else None
    except UnsafeUrl:
        return None


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
