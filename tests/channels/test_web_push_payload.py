"""The pushed document fits, whatever it has to say."""

import json
import unicodedata
from typing import Any

import pytest

from activities.channels.web_push_payload import BUDGET, Payloads, clusters, cut, topic
from store.links import LIFETIME, AcknowledgeLink, ReceiptLink, SnoozeLink
from tests.channels.conftest import HOME, NOW, VAULT, message, note
from tests.world import TENANT, user

OPEN = {"action": "open", "title": "Open"}
ACKNOWLEDGE = {"action": "acknowledge", "title": "Acknowledge"}

LONG = {
    "latin": "All work and no play. " * 200,
    "devanagari": "अपॉइंटमेंट क्षत्रिय स्त्री शुरू होगा। " * 100,
    "family": "👨‍👩‍👧‍👦👍🏽🇮🇳🇩🇪" * 100,
    "combining": "e\u0301\u0323o\u0308" * 500,
    "hangul": "\u1112\u1161\u11ab" * 500,
    "escaped": '"\\\n\t' * 500,
}


def written(*, title_only: bool = False, locale: str = "en", **changes: Any) -> bytes:
    """What is pushed of a notification to asha."""
    told = message(notification=note(**changes), user=user("asha", locale=locale))
    return Payloads(HOME, VAULT, lambda: NOW).write(told, title_only=title_only)


def shown(**changes: Any) -> Any:
    plain = written(**changes)
    assert len(plain) <= BUDGET
    return json.loads(plain)["notification"]


def actions(document: Any) -> list[str]:
    return [action["action"] for action in document["actions"]]


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_message_is_cut_to_the_budget_at_whole_characters(text: str) -> None:
    """The title stays, the JSON stays valid, and what is left of the message is made of whole characters."""
    plain = written(message=text)
    assert BUDGET - 40 < len(plain) <= BUDGET
    document = json.loads(plain)["notification"]
    assert document["title"] == "10:00: Visit"
    kept = document["body"].removesuffix("…")
    assert kept != document["body"]
    whole = list(clusters(text))
    assert any("".join(whole[:count]).rstrip() == kept for count in range(len(whole)))


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_title_beyond_the_budget_is_cut_after_the_message_is_gone(text: str) -> None:
    """A notification must have a title, so some of it always stays; what it leads to stays as well."""
    document = shown(title=text, message=text, actions=[ACKNOWLEDGE])
    assert document["body"] == ""
    assert len(document["title"]) > 10
    assert document["title"].endswith("…")
    assert "acknowledge" in actions(document)


@pytest.mark.parametrize(
    ("url", "navigate", "kept", "is_reported"),
    [
        (None, "", ["acknowledge", "snooze", "open"], True),
        ("/a?b=c#d", "a?b=c#d", ["acknowledge", "snooze", "open"], True),
        ("https://other.example/x", "https://other.example/x", ["acknowledge", "snooze", "open"], True),
        ("/" + "x" * 500, "x" * 500, ["acknowledge", "snooze"], True),
        ("/" + "x" * 960, "x" * 960, ["acknowledge", "snooze"], False),
        ("/" + "x" * 1900, "", ["acknowledge", "snooze"], True),
    ],
)
def test_a_long_link_pushes_out_neither_the_title_nor_the_acknowledgement(
    url: str | None, navigate: str, kept: list[str], is_reported: bool
) -> None:
    """It is absolute. What says no more than the click goes first, then the report, and at last the link itself."""
    link = HOME + navigate if not navigate.startswith("https:") else navigate
    document = shown(action_url=url, title="T" * 300, message="m" * 2000, actions=[OPEN, ACKNOWLEDGE])
    assert document["navigate"] == link
    assert document["title"] == "T" * 300
    assert len(document["body"]) >= 140
    assert actions(document) == kept
    assert [action["navigate"] for action in document["actions"][2:]] == [link] * (len(kept) - 2)
    assert ("report" in document["data"]) == is_reported


def test_links_act_for_the_one_who_got_the_push() -> None:
    """Each is sealed for what it does; nobody else's name and no secret is in them."""
    document = shown(actions=[OPEN, ACKNOWLEDGE])
    token = {action["action"]: action["navigate"].removeprefix(f"{HOME}a/") for action in document["actions"]}
    ours = (TENANT, "n1", "asha", NOW + LIFETIME)
    assert AcknowledgeLink.read(VAULT, token["acknowledge"]) == AcknowledgeLink(*ours)
    assert SnoozeLink.read(VAULT, token["snooze"]) == SnoozeLink(*ours)
    report = document["data"]["report"].removeprefix(f"{HOME}c/")
    assert ReceiptLink.read(VAULT, report) == ReceiptLink(TENANT, "d1")


def test_what_is_in_no_inbox_is_neither_snoozed_nor_taken_away_as_read() -> None:
    """There is nothing to put off, and no page could know that it was read."""
    document = shown(listed=False, actions=[OPEN])
    assert actions(document) == ["open"]
    assert set(document["data"]) == {"report"}


@pytest.mark.parametrize(("locale", "words"), [("hi-IN", "1 घंटे बाद याद दिलाएँ"), ("fr", "Snooze 1 hour")])
def test_the_snooze_is_in_the_readers_language(locale: str, words: str) -> None:
    """English where there is no other."""
    assert [action["title"] for action in shown(locale=locale, actions=[])["actions"]] == [words]


def test_a_service_that_finds_it_too_large_gets_the_title_and_what_has_to_be_done() -> None:
    """Nothing else is in the second try."""
    document = json.loads(written(title_only=True, actions=[OPEN, ACKNOWLEDGE], message="m" * 2000))["notification"]
    assert (document["title"], document["body"]) == ("10:00: Visit", "")
    assert (document["navigate"], actions(document)) == ("https://crm.example/appointments/42", ["acknowledge"])
    assert set(document["data"]) == {"notification_id"}


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
