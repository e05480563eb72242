"""The pushed document fits, whatever it has to say."""

import json
import unicodedata

import pytest

from activities.channels.web_push_payload import BUDGET, clusters, cut, payload, topic
from tests.channels.conftest import HOME, message, note

LONG = {
    "latin": "All work and no play. " * 200,
    "devanagari": "अपॉइंटमेंट क्षत्रिय स्त्री शुरू होगा। " * 100,
    "family": "👨‍👩‍👧‍👦👍🏽🇮🇳🇩🇪" * 100,
    "combining": "e\u0301\u0323o\u0308" * 500,
    "hangul": "\u1112\u1161\u11ab" * 500,
    "escaped": '"\\\n\t' * 500,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_message_is_cut_to_the_budget_at_whole_characters(text: str) -> None:
    """The title stays, the JSON stays valid, and what is left of the message is made of whole characters."""
    plain = payload(message(notification=note(message=text)), HOME)
    assert BUDGET - 40 < len(plain) <= BUDGET
    shown = json.loads(plain)["notification"]
    assert shown["title"] == "10:00: Visit"
    kept = shown["body"].removesuffix("…")
    assert kept != shown["body"]
    whole = list(clusters(text))
    assert any("".join(whole[:count]).rstrip() == kept for count in range(len(whole)))


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_title_beyond_the_budget_is_cut_after_the_message_is_gone(text: str) -> None:
    """A notification must have a title, so some of it always stays."""
    plain = payload(message(notification=note(title=text, message=text)), HOME)
    assert len(plain) <= BUDGET
    shown = json.loads(plain)["notification"]
    assert shown["body"] == ""
    assert len(shown["title"]) > 10
    assert shown["title"].endswith("…")


@pytest.mark.parametrize(
    ("url", "navigate"),
    [
        (None, "https://crm.example/"),
        ("/a?b=c#d", "https://crm.example/a?b=c#d"),
        ("https://other.example/x", "https://other.example/x"),
        ("/" + "x" * 800, "https://crm.example/" + "x" * 800),
        ("/" + "x" * 1900, "https://crm.example/"),
    ],
)
def test_the_link_is_absolute_and_gives_way_only_when_nothing_else_fits(url: str | None, navigate: str) -> None:
    """Every action leads somewhere too, as browsers require; actions go before the link does."""
    plain = payload(message(notification=note(action_url=url, title="T" * 300, message="m" * 2000)), HOME)
    assert len(plain) <= BUDGET
    shown = json.loads(plain)["notification"]
    assert shown["navigate"] == navigate
    assert all(action["navigate"] == navigate for action in shown["actions"])
    assert len(shown["title"]) >= 290


def test_only_what_leads_somewhere_is_pushed_as_an_action() -> None:
    """An acknowledgement is no address to open."""
    actions = [{"action": "open", "title": "Open"}, {"action": "acknowledge", "title": "Acknowledge"}]
    shown = json.loads(payload(message(notification=note(actions=actions)), HOME))["notification"]
    assert [action["action"] for action in shown["actions"]] == ["open"]


def test_short_texts_stay_as_they_are() -> None:
    """Nothing is cut that fits to the byte."""
    assert cut("abc", 3) == "abc"
    assert cut("abcdefg", 6) == "abc…"
    assert cut("abc", 2) == ""
    assert list(clusters("")) == []


def test_clusters_keep_together_what_a_reader_sees_as_one_character() -> None:
    """Accents, joined emoji, skin tones, flags, conjuncts and syllables."""
    parts = ["e\u0301", "👨‍👩‍👧", "👍🏽", "🇮🇳", "🇩🇪", "क्षि", "\u1112\u1161\u11ab", "\r\n", "x"]
    assert list(clusters("".join(parts))) == parts
    assert all(unicodedata.category(part[0])[0] != "M" for part in parts)


def test_a_topic_is_32_characters_of_base64url_and_one_for_each_collapse_key() -> None:
    """RFC 8030 allows 32 at the most."""
    topics = {topic(f"acme/appointment/{number}/x") for number in range(1000)}
    assert len(topics) == 1000
    assert {len(one) for one in topics} == {32}
    assert all(one.replace("-", "").replace("_", "").isalnum() for one in topics)
