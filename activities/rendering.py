"""From a notice's words and its data to the text that one person reads, in their language and zone."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, format_timedelta
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from jinja2 import StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from catalogue import CatalogueError, Notice
from punctual.declaration import key
from punctual.errors import UnsafeUrl
from punctual.people import DEFAULT_LANGUAGE, first_name, language_among
from punctual.urls import action_url
from punctual.wire import zone

TITLE_LIMIT = 200
MESSAGE_LIMIT = 5000
LONGEST_SPAN = 10**9
"""In minutes; what is longer reads as this."""

_FORMS = ("zero", "one", "two", "few", "many")

# Controls, and what turns the direction of the text around it: nobody's name may rearrange a sentence.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


@pass_context
def _when(context: Context, value: str) -> str:
    """`Fri 20 Nov, 10:00 (Europe/Berlin)` in the text's language and the reader's zone."""
    zone_name: str = context["_zone"]
    local = datetime.fromisoformat(value).astimezone(zone(zone_name))
    this_year = context["_now"].astimezone(local.tzinfo).year == local.year
    pattern = "EEE d MMM, HH:mm" if this_year else "EEE d MMM y, HH:mm"
    return f"{format_datetime(local, pattern, locale=context['_locale'])} ({zone_name})"


@pass_context
def _from_now(context: Context, value: str) -> str:
    """`in 30 minutes` in the text's language."""
    left = datetime.fromisoformat(value) - context["_now"]
    span = timedelta(seconds=round(left.total_seconds()))
    text: str = format_timedelta(span, add_direction=True, threshold=1.5, locale=context["_locale"])
    return text


@pass_context
def _number(context: Context, value: float) -> str:
    """`1,499.5` as the text's locale writes it."""
    text: str = format_decimal(Decimal(str(value)), locale=context["_locale"])
    return text


@pass_context
def _plural(context: Context, value: float, *, other: str, **forms: str) -> str:
    """`3 items` by the rules of the text's language; a form that the language has and nobody gave reads as `other`.

    The forms are Unicode's (zero, one, two, few, many, other); `{}` in one stands for the number.
    """
    if unknown := forms.keys() - _FORMS:
        raise TypeError(f"plural: {', '.join(sorted(unknown))} is no form; there is other, {', '.join(_FORMS)}")
    number = Decimal(str(value))
    # Whole is whole, however it is written: 1.0 reads as 1.
    form = context["_locale"].plural_form(int(number) if number == int(number) else number)
    return forms.get(form, other).replace("{}", _number(context, value))


@pass_context
def _money(context: Context, amount: float, currency: str | None) -> str:
    """`₹1,499.50` for an ISO 4217 code; whatever else the currency is called stands behind the number."""
    value = Decimal(str(amount))
    if currency and re.fullmatch("[A-Za-z]{3}", currency):
        return format_currency(value, currency.upper(), locale=context["_locale"])
    return f"{format_decimal(value, locale=context['_locale'])} {currency or ''}".strip()


@pass_context
def _minutes(context: Context, value: float) -> str:
    """`2 hours` for 95 minutes."""
    span = timedelta(minutes=max(0, min(value, LONGEST_SPAN)))
    text: str = format_timedelta(span, threshold=1.5, locale=context["_locale"])
    return text


@pass_context
def _listed(context: Context, values: Sequence[str]) -> str:
    """`A, B and C`."""
    return format_list(list(values), locale=context["_locale"])


def _words(value: str) -> str:
    """A value of a list of choices as words: `not_fulfilled` reads `not fulfilled`."""
    return " ".join(value.replace("_", " ").split())


def _cut(text: str, longest: int) -> str:
    """One line of `text`, cut where it is too long."""
    return _shortened(" ".join(text.split()), longest)


_environment = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
)
_environment.filters.update(
    when=_when, from_now=_from_now, first_name=first_name, cut=_cut, key=key, words=_words,
    number=_number, plural=_plural, money=_money, minutes=_minutes, listed=_listed,
)  # fmt: skip


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
    return Locale.parse(DEFAULT_LANGUAGE)


def locale_of(words: Iterable[str], locale: str) -> Locale:
    """The locale of a text in one of the languages `words`, as a reader of `locale` gets it.

    Dates, numbers and plurals belong to the text around them, and so does its direction: the reader's region counts
    where the language is theirs, and English stays English all through.
    """
    language = language_among(words, locale)
    wanted = supported(locale)
    return wanted if wanted.language == language else Locale.parse(language)


def language_of(notice: Notice, locale: str) -> str:
    """The language tag of a notice's text for a reader of `locale`, such as `hi` or `en`."""
    return language_among(notice.words, locale)


def direction_of(language: str) -> Literal["ltr", "rtl"]:
    """How a text in `language` runs."""
    return "rtl" if supported(language).character_order == "right-to-left" else "ltr"


def render(
    notice: Notice, data: Mapping[str, Any], *, locale: str, timezone: str, now: datetime
) -> tuple[str, str, str]:
    """Title, message and the action's text, from data without problems; an optional field it lacks reads as None.

    An entity's data may bring `assignee_names` and `deadline` along, besides its snapshot.
    """
    words = notice.in_locale(locale)
    context = {name: data.get(name) for name in notice.placeholders}
    if notice.entity is not None:
        context["assignee_names"] = data.get("assignee_names") or ""
    context |= {"_locale": locale_of(notice.words, locale), "_zone": timezone, "_now": now}
    title, message = (_UNSEEN.sub("", _compiled(source).render(context)) for source in (words.title, words.message))
    return _cut(title, TITLE_LIMIT), _shortened(_tidy(message), MESSAGE_LIMIT), words.action_text


def check(notices: Iterable[Notice]) -> None:
    """Raises CatalogueError for the first notice that does not render from its own example, in any language."""
    for notice in notices:
        for locale in notice.words:
            try:
                render(notice, notice.about.example, locale=locale, timezone="UTC", now=datetime.now(UTC))
            except Exception as error:
                raise CatalogueError(f"{notice.type}.md in {locale}: {error}") from error


def allowed_link(url: str | None, hosts: Collection[str] | None) -> str | None:
    """`url` if it may be opened, else None: events that came past the API were not checked for their host.

    With `hosts=None` only its shape counts.
    """
    try:
        return action_url(url, hosts) if url else None
    except UnsafeUrl:
        return None


def _tidy(message: str) -> str:
    """Lines without spaces at their ends, and no more than one empty line between two."""
    lines = (line.rstrip() for line in message.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
