"""Texts are of one language throughout: their dates, numbers and plurals go by its rules, and name the zone."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from activities.rendering import direction_of, language_of, locale_of, render
from catalogue import Notice, Words
from tests.golden import LOCALES, NOW, least, whole

NOTICES = catalogue.load()
SUMMARY = NOTICES["quiet_hours.summary"]
EVERY = sorted(set(locale_identifiers()) - {"root"})
FORMS = {form: f"{form} {{}}" for form in ("zero", "one", "two", "few", "many", "other")}
_TIME = re.compile(r"\b\d{1,2}:\d{2}\b")
_ZONE = re.compile(r"\((UTC|[A-Z]\w+/[\w/]+)\)")

MOST = 10**15
numbers = st.integers(-MOST, MOST) | st.floats(-MOST, MOST) | st.sampled_from([0, 1, 2, 3, 5, 11, 21, 100])


def counted(locale: str, count: float, **forms: str) -> str:
    """A count as a notice in the reader's language tells it by these forms."""
    given_forms = ", ".join(f"{name}={text!r}" for name, text in forms.items())
    words = Words(f"{{{{ count | plural({given_forms}) }}}}", "-", "Open")
    notice = replace(SUMMARY, words={"en": words, Locale.parse(locale).language: words})
    return render(notice, {"count": count}, locale=locale, timezone="UTC", now=NOW)[0]


@given(st.sampled_from(EVERY), numbers)
def test_every_locale_has_a_form_for_every_number(locale: str, count: float) -> None:
    """The one that Unicode's rules name; where it is not given, `other`."""
    whole_or_not = int(count) if count == int(count) else Decimal(str(count))
    form = Locale.parse(locale).plural_form(whole_or_not)
    assert counted(locale, count, **FORMS).startswith(form)
    assert counted(locale, count, other="items").startswith("items")


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", {1.0: "one 1", 0: "other 0", 1.5: "other 1.5", 1200: "other 1,200"}),
        ("hi", {0: "one 0", 1: "one 1", 2: "other 2", 120000: "other 1,20,000"}),
        ("pl", {1: "one 1", 2: "few 2", 5: "many 5", 22: "few 22", 1.5: "other 1,5"}),
        ("ar", {0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other"}),
        ("ja", {1: "other 1"}),
    ],
)
def test_numbers_take_the_form_of_the_language_and_its_digits(language: str, forms: dict[float, str]) -> None:
    """Whole is whole, however it is written."""
    for count, said in forms.items():
        assert counted(language, count, **FORMS).startswith(said)


def test_a_form_that_no_language_has_stops_the_start() -> None:
    """A slip would otherwise be a form that is never used."""
    with pytest.raises(TypeError, match="ones is no form"):
        counted("en", 2, ones="{} item", other="{} items")


@pytest.mark.parametrize("count", [1, 2])
def test_counts_meet_their_nouns(count: int) -> None:
    """In every notice where they do."""
    data = {"count": count, "titles": ["x"], "attempts": count, "product_name": "Fan", "quantity": count}
    texts = [
        part
        for type_ in ("quiet_hours.summary", "security.login_failed", "inventory.adjusted")
        for part in render(NOTICES[type_], data, locale="en", timezone="UTC", now=NOW)[:2]
    ]
    assert [text for text in texts if re.search(r"notification|attempt|There", text)] == (
        [
            "1 notification from your quiet hours",
            "An attempt to sign in to your account failed. If that was not you, change your password now.",
            "There is now 1 in stock.",
        ]
        if count == 1
        else [
            "2 notifications from your quiet hours",
            "2 attempts to sign in to your account failed. If that was not you, change your password now.",
            "There are now 2 in stock.",
        ]
    )


@pytest.mark.parametrize("notice", NOTICES.values(), ids=lambda notice: notice.type)
def test_every_time_is_told_with_its_zone(notice: Notice) -> None:
    """In the title and in the message, each of which is read alone; digests too."""
    for locale in LOCALES:
        for data in (whole(notice), least(notice)):
            for text in render(notice, data, locale=locale, timezone="Asia/Kolkata", now=NOW)[:2]:
                assert not _TIME.search(text) or _ZONE.search(text), text


@pytest.mark.parametrize("reader", ["ar-EG", "he", "fa_IR", "ur", "de-AT", "ja"])
def test_who_reads_another_language_gets_english_throughout(reader: str) -> None:
    """No date or number of theirs in the midst of it, and it runs as English does."""
    for type_ in ("appointment.reminder", "digest.weekly", "payment.received", "quiet_hours.summary"):
        notice = NOTICES[type_]
        texts: list[Any] = [
            render(notice, whole(notice), locale=locale, timezone="Asia/Kolkata", now=NOW)
            for locale in (reader, "en")
        ]
        assert texts[0] == texts[1]
        assert language_of(notice, reader) == "en"
    assert direction_of(language_of(SUMMARY, reader)) == "ltr"


def test_a_text_runs_as_its_own_language_does() -> None:
    """Also right to left, as soon as there are words in it; the reader's region counts in their language only."""
    arabic = replace(SUMMARY, words={**SUMMARY.words, "ar": SUMMARY.words["en"]})
    assert [direction_of(language_of(arabic, reader)) for reader in ("ar-EG", "fa", "hi")] == ["rtl", "ltr", "ltr"]
    assert [str(locale_of(arabic.words, reader)) for reader in ("ar-EG", "en_GB", "fa-IR", "hi")] == [
        "ar_EG", "en_GB", "en", "hi",
    ]  # fmt: skip
