"""The catalogue: every type that is sent has a file that renders, in both languages, from its own example."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import catalogue
from activities.rendering import allowed_link, render
from catalogue import CatalogueError
from punctual.registry import ALIASES, KINDS

NOTICES = catalogue.load()
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LANGUAGES = ["en", "hi"]


def test_every_event_and_every_step_has_its_notice() -> None:
    """A type without a file fails here: add templates/notices/<type>.md and its translations."""
    sent = {type_ for kind in KINDS.values() for type_ in kind.events}
    sent |= {"appointment.reminder", "appointment.outcome_missing"}
    assert sent == set(NOTICES)


@pytest.mark.parametrize("type_", sorted(NOTICES))
def test_each_notice_is_translated_and_its_languages_differ(type_: str) -> None:
    """Both languages are there, and neither is a copy of the other."""
    words = NOTICES[type_].words
    assert set(words) == set(LANGUAGES)
    assert words["en"].message != words["hi"].message
    assert words["en"].action_text != words["hi"].action_text


@pytest.mark.parametrize("type_", sorted(NOTICES))
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_notice_renders_from_its_example(type_: str, language: str) -> None:
    """Title, message and action come out whole; the title shows no more than a customer's first name."""
    notice = NOTICES[type_]
    title, message, action = render(notice, notice.about.example, locale=language, timezone="Asia/Kolkata", now=NOW)
    assert title
    assert message
    assert action
    assert "Iyer" not in title + message
    assert "{{" not in title + message
    assert "None" not in title + message


@pytest.mark.parametrize("type_", sorted(NOTICES))
def test_each_example_is_what_its_event_takes(type_: str) -> None:
    """The example of an event type parses as that event's data."""
    kind = KINDS[type_.split(".", maxsplit=1)[0]]
    kind.snapshot.model_validate(NOTICES[type_].about.example)


def test_times_are_told_in_the_reader_s_zone_and_language() -> None:
    """The zone is named, and the span is spelt out."""
    notice = NOTICES["appointment.reminder"]
    title, message, _ = render(notice, notice.about.example, locale="en", timezone="Asia/Kolkata", now=NOW)
    assert title == "Fri 20 Nov, 15:30 (Asia/Kolkata): Quarterly review"
    assert message == "Your appointment with Meera starts in 30 minutes, Room 2."
    german, _, _ = render(notice, notice.about.example, locale="de-AT", timezone="Europe/Berlin", now=NOW)
    assert german.startswith("Fr. 20 Nov")


def test_a_customer_s_template_stays_text() -> None:
    """What a customer types is never evaluated."""
    notice = NOTICES["appointment.scheduled"]
    hostile = {**notice.about.example, "title": "{{ 7 * 7 }}{% raw %}<script>"}
    title, _, _ = render(notice, hostile, locale="en", timezone="UTC", now=NOW)
    assert title == "Appointment scheduled: {{ 7 * 7 }}{% raw %}<script>"


def test_a_link_that_came_past_the_api_is_dropped_when_it_leads_elsewhere() -> None:
    """The host is checked again where the link is rendered."""
    assert allowed_link("https://evil.example/", ["crm.example.com"]) is None
    assert allowed_link("/42", []) == "/42"


def test_aliases_are_those_of_the_notices() -> None:
    """An old name that a notice declares for an event is one that events are accepted under."""
    declared = {
        alias: type_
        for type_, notice in NOTICES.items()
        for alias in notice.about.aliases
        if any(type_ in kind.events for kind in KINDS.values())
    }
    assert declared == ALIASES


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# no front matter\n\nx\n", "front matter"),
        ("---\ncategory: nonsense\n---\n# t\n\nm\n", "category"),
        ("---\ncategory: system\n---\nno title\n", "title"),
    ],
)
def test_a_file_that_does_not_fit_stops_the_start_with_its_name(tmp_path: Path, text: str, complaint: str) -> None:
    """The author learns which file and why."""
    (tmp_path / "broken.type.md").write_text(text)
    with pytest.raises(CatalogueError, match=complaint) as error:
        catalogue.load(tmp_path)
    assert "broken.type.md" in str(error.value)
