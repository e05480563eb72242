"""How notices read: alike in both languages, without gaps, and whatever people write stays text."""

from typing import Any

import pytest

import catalogue
from activities.rendering import MESSAGE_LIMIT, TITLE_LIMIT, allowed_link, render
from catalogue import Notice, placeholders
from punctual.notification import COMMON
from tests.golden import LOCALES, NOW, least, reading, recorded, whole

NOTICES = catalogue.load()
WRITTEN = ("line", "text", "lines")
ENTITY_TEXTS = ("title", "subject", "customer_name", "location", "message", "assignee_names")
every_type = pytest.mark.parametrize("notice", NOTICES.values(), ids=lambda notice: notice.type)
every_locale = pytest.mark.parametrize("locale", LOCALES)


def rendered(notice: Notice, data: dict[str, Any], locale: str = "en", zone: str = "Asia/Kolkata") -> tuple[str, str]:
    title, message, _ = render(notice, data, locale=locale, timezone=zone, now=NOW)
    return title, message


def written(notice: Notice) -> set[str]:
    """The fields that hold what people wrote."""
    if notice.entity:
        return set(ENTITY_TEXTS).intersection(notice.placeholders)
    return {name for name, type_ in notice.about.fields.items() if type_.removesuffix("?") in WRITTEN}


@every_type
def test_languages_use_the_same_fields_and_other_words(notice: Notice) -> None:
    """No translation drops or invents a placeholder, and none is a copy, unless there is nothing but placeholders."""
    words = [notice.words[locale] for locale in LOCALES]
    for part in ("title", "message"):
        english, hindi = (getattr(one, part) for one in words)
        assert placeholders(english) == placeholders(hindi)
        assert english != hindi or (english.startswith("{{") and english.endswith("}}"))
    assert words[0].action_text != words[1].action_text


@every_type
@every_locale
def test_each_notice_reads_as_recorded(notice: Notice, locale: str) -> None:
    """`python -m tests.golden.record` writes the texts anew; look at the difference."""
    assert reading(notice, locale) == recorded(locale).get(notice.type), (
        "run python -m tests.golden.record, and review"
    )


def test_the_record_holds_nothing_else() -> None:
    """A type that is gone is gone from the record."""
    assert all(recorded(locale).keys() == NOTICES.keys() for locale in LOCALES)


@every_type
@every_locale
def test_whatever_is_absent_leaves_no_gap(notice: Notice, locale: str) -> None:
    """Every optional field may be missing or empty, alone or with all others."""
    full = whole(notice)
    optional = [name for name in full if name not in notice.required and name not in COMMON]
    cases = [full, least(notice), {**full, **dict.fromkeys(written(notice) & set(optional), None)}]
    cases += [{key: value for key, value in full.items() if key != name} for name in optional]
    may_be_empty = {*optional, *(("customer_name", "assignee_names") if notice.entity else ())}
    cases += [{**full, name: ""} for name in written(notice) & may_be_empty]
    for data in cases:
        title, message = rendered(notice, data, locale)
        assert title
        assert message
        for gap in ("None", "{{", "  ", " .", " ,", " ।", "()", "“”", ": .", "Undefined"):
            assert gap not in title + "\n" + message, data


@every_type
@every_locale
def test_a_customer_s_full_name_is_never_shown(notice: Notice, locale: str) -> None:
    """Lock screens are read by others."""
    assert all("Iyer" not in text for text in rendered(notice, whole(notice), locale))


@every_type
@every_locale
def test_what_people_write_stays_text(notice: Notice, locale: str) -> None:
    """Nothing is evaluated, nothing is lost, and nothing turns the direction of the words around it."""
    plain = "{{7*191}}{%set-x%}<script>{#x#}${7*191}"
    hostile = plain + "\u202e\u2066\x07"
    data: dict[str, Any] = whole(notice)
    for name in written(notice):
        many = notice.about.fields.get(name, "").startswith("lines")
        data[name] = [hostile] if many else hostile
    if notice.entity == "ticket":
        data["message"] = {"id": "m1", "author_id": "ben", "text": hostile}
    words = notice.words[locale]
    for source, text in zip((words.title, words.message), rendered(notice, data, locale), strict=True):
        assert "1337" not in text
        assert not {"\u202e", "\u2066", "\x07"} & set(text)
        # Of a name only what looks like one is shown.
        if placeholders(source) & written(notice) and "first_name" not in source:
            assert plain in text


@every_type
def test_unprintable_text_is_refused(notice: Notice) -> None:
    """Control characters and direction overrides do not come in."""
    for name in written(notice) & set(notice.fields):
        many = notice.about.fields.get(name, "").startswith("lines")
        value: Any = ["a\u202eb"] if many else "a\u202eb"
        if notice.entity == "ticket" and name == "message":
            value = {"id": "m1", "author_id": "ben", "text": value}
        found = notice.problems({**notice.about.example, name: value})
        assert [problem.path[:2] for problem in found] == [("data", name)]


EDGES: dict[str, list[Any]] = {
    "line": ["x", "क" * 500], "text": ["x", "क" * 5000], "lines": [[], ["x" * 500] * 100], "ids": [[], ["a"] * 100],
    "number": [0, -(10**15), 10**15, 0.1, 1e-300], "integer": [0, -(10**15), 10**15],
    "instant": ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59.999999Z"],
    "counts": [{}, {"leads": 0}, {"never_heard_of": 10**15}],
}  # fmt: skip


@every_type
@every_locale
def test_whatever_is_accepted_can_be_rendered(notice: Notice, locale: str) -> None:
    """The least, the greatest and the longest that a field takes, in zones at both ends of the day."""
    for name, type_ in notice.about.fields.items():
        for value in EDGES.get(type_.removesuffix("?"), []):
            data = {**whole(notice), name: value}
            if notice.problems(data) == []:
                for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
                    title, message = rendered(notice, data, locale, zone)
                    assert 0 < len(title) <= TITLE_LIMIT
                    assert 0 < len(message) <= MESSAGE_LIMIT


def test_times_are_told_in_the_reader_s_zone_and_language() -> None:
    """The zone is named, and the span is spelt out."""
    notice = NOTICES["appointment.reminder"]
    title, message = rendered(notice, notice.about.example)
    assert title == "Fri 19 Nov, 15:30 (Asia/Kolkata): Quarterly review"
    assert message == "The appointment with Meera starts in 30 minutes, Room 2."
    hindi, _ = rendered(notice, notice.about.example, "hi-IN", "Europe/Berlin")
    assert hindi.startswith("शुक्र 19 नव॰, 11:00 (Europe/Berlin)")


def test_long_words_of_an_author_are_cut() -> None:
    """A ticket's message shows its beginning, in one line."""
    message = {"id": "m1", "author_id": "ben", "text": "Hello\n\nthere " + "x" * 400}
    _, text = rendered(NOTICES["ticket.message"], {**NOTICES["ticket.message"].about.example, "message": message})
    assert text.startswith("“Hello there xxx")
    assert text.endswith("x…”")
    assert len(text) == 202


def test_the_resolution_s_deadline_wins_over_the_one_that_the_ticket_names() -> None:
    """What the step is about is what is told."""
    data = {**NOTICES["ticket.overdue"].about.example, "deadline": "2027-11-23T10:00:00Z"}
    assert "Tue 23 Nov" in rendered(NOTICES["ticket.overdue"], data)[1]
    del data["deadline"]
    assert "Mon 22 Nov" in rendered(NOTICES["ticket.overdue"], data)[1]


def test_money_is_written_as_the_reader_writes_it() -> None:
    """By ISO code; whatever else a currency is called stands behind the number."""
    paid = {"id": "1", "amount": 120000.5}
    notice = NOTICES["payment.received"]
    assert rendered(notice, {**paid, "currency": "inr"}, "hi")[0] == "भुगतान मिला: ₹1,20,000.50"
    assert rendered(notice, {**paid, "currency": "gold coins"})[0] == "Payment received: 120,000.5 gold coins"


def test_a_link_that_came_past_the_api_is_dropped_when_it_leads_elsewhere() -> None:
    """The host is checked again where the link is rendered."""
    assert allowed_link("https://evil.example/", ["crm.example.com"]) is None
    assert allowed_link("/42", []) == "/42"
