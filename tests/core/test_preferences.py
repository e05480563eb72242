"""Which channel carries what to whom, by what they have chosen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from punctual.channels import CHANNELS
from punctual.digests import Digest
from punctual.fields import CATEGORIES
from punctual.preferences import About, Preferences, decide, kept

NOW = datetime(2026, 11, 20, 23, tzinfo=UTC)
SLOW = [name for name, spec in CHANNELS.items() if spec.slow]
QUIET = {"quiet_hours": {"enabled": True}}
TASK = About("task.assigned", "tasks", "normal")
LATE = About("follow_up.overdue", "follow_ups", "urgent")

switches = st.dictionaries(st.sampled_from(list(CHANNELS)), st.booleans(), max_size=3)
chosen = st.builds(
    Preferences, channels=switches, categories=st.dictionaries(st.sampled_from(CATEGORIES), switches, max_size=3),
    types=st.dictionaries(st.sampled_from(["task.assigned", "follow_up.overdue"]), switches, max_size=2),
)  # fmt: skip
abouts = st.builds(
    About, type=st.sampled_from(["task.assigned", "follow_up.overdue", "sale.created"]),
    category=st.sampled_from(CATEGORIES), priority=st.sampled_from(["low", "normal", "high", "urgent"]),
    mandatory=st.booleans(), digestible=st.booleans(),
)  # fmt: skip


def _decided(preferences: dict[str, Any], channel: str, about: About) -> tuple[str, str | None]:
    found = decide(Preferences.model_validate(preferences), channel, about, "UTC", NOW)
    return found.outcome, found.reason


@pytest.mark.parametrize("priority", ["low", "normal", "high", "urgent"])
def test_who_has_chosen_nothing_has_all_in_the_inbox_and_what_matters_everywhere(priority: str) -> None:
    """High and urgent also go by push and mail."""
    carried = {
        name for name in CHANNELS if _decided({}, name, About("task.assigned", "tasks", priority))[0] == "planned"
    }
    everywhere = {"inbox", "websocket", "web_push", "email"}
    assert carried == (everywhere if priority in ("high", "urgent") else {"inbox", "websocket"})


@given(chosen, abouts, st.sampled_from(list(CHANNELS)))
def test_the_narrowest_rule_wins(preferences: Preferences, about: About, channel: str) -> None:
    """A type's before a category's before a channel's before the default."""
    for switch in (True, False):
        narrow = preferences.model_copy(update={"types": {about.type: {channel: switch}}})
        assert narrow.choice(channel, about.category, about.type) is switch
        middle = preferences.model_copy(update={"types": {}, "categories": {about.category: {channel: switch}}})
        assert middle.choice(channel, about.category, about.type) is switch
        wide = preferences.model_copy(update={"types": {}, "categories": {}, "channels": {channel: switch}})
        assert wide.choice(channel, about.category, about.type) is switch


@given(chosen, abouts, st.sampled_from(list(CHANNELS)))
def test_only_what_is_mandatory_passes_a_mute(preferences: Preferences, about: About, channel: str) -> None:
    """Where nobody said yes, nothing is carried beyond the default; what was muted is carried only if it must be."""
    decision = decide(preferences, channel, about, "UTC", NOW)
    choice = preferences.choice(channel, about.category, about.type)
    if choice is False and decision.outcome == "planned":
        assert about.mandatory
    if decision.outcome == "withheld":
        assert decision.reason == "preference"
        assert not choice


@given(chosen, abouts, st.sampled_from(SLOW))
def test_in_quiet_hours_only_urgent_and_mandatory_things_buzz(
    preferences: Preferences, about: About, channel: str
) -> None:
    """Whatever else was chosen."""
    quiet = Preferences.model_validate({**preferences.model_dump(), **QUIET})
    decision = decide(quiet, channel, about, "UTC", NOW)
    if decision.outcome == "planned":
        assert about.mandatory or about.priority == "urgent"
    if decision.outcome == "deferred":
        assert decision.until == datetime(2026, 11, 21, 7, tzinfo=UTC)


@pytest.mark.parametrize(("let_through", "outcome"), [(True, "planned"), (False, "deferred")])
def test_urgent_waits_for_who_said_so(let_through: bool, outcome: str) -> None:
    """The user has the last word about the night."""
    quiet = {"quiet_hours": {"enabled": True, "let_urgent_through": let_through}}
    assert _decided(quiet, "web_push", LATE)[0] == outcome
    assert _decided(quiet, "inbox", LATE) == ("planned", None)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, ("withheld", "preference")),
        ({"digest": {"frequency": "daily"}}, ("deferred", "digest")),
        ({"digest": {"frequency": "weekly"}, "channels": {"email": True}}, ("deferred", "digest")),
        (
            {
                "digest": {"frequency": "daily"},
                "channels": {"email": True},
                "categories": {"digests": {"email": False}},
            },
            ("planned", None),
        ),
        ({"digest": {"frequency": "daily"}, "types": {"sale.created": {"email": False}}}, ("withheld", "preference")),
    ],
)
def test_what_can_wait_for_a_digest_does_when_there_is_one(
    extra: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    """By mail, which is what digests travel by; never by push, and never against a no."""
    sale = About("sale.created", "sales", "normal", digestible=True)
    assert _decided(extra, "email", sale) == expected
    assert _decided(extra, "web_push", sale)[1] in (None, "preference")
    urgent = About("sale.created", "sales", "urgent", digestible=True)
    assert _decided(extra, "email", urgent)[1] != "digest"


def test_a_security_notice_passes_everything() -> None:
    """No mute, no quiet hours; but nobody is told by a channel that is for what was chosen, and was not."""
    mute = {"channels": dict.fromkeys(CHANNELS, False), **QUIET, "digest": {"frequency": "daily"}}
    login = About("security.login_failed", "security", "urgent", mandatory=True, digestible=True)
    ours = [name for name, spec in CHANNELS.items() if spec.default != "chosen"]
    assert {_decided(mute, name, login) for name in ours} == {("planned", None)}
    assert _decided(mute, "sms", login) == ("withheld", "preference")
    assert _decided({**mute, "channels": {"sms": True}}, "sms", login) == ("planned", None)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"channels": {"pigeon": True}}, ("channels", "pigeon")),
        ({"channels": {"email": "yes"}}, ("channels", "email")),
        ({"categories": {"weather": {}}}, ("categories", "weather")),
        ({"quiet_hours": {"enabled": True, "start": "07:00", "end": "07:00"}}, ("quiet_hours",)),
        ({"quiet_hours": {"start": "24:00"}}, ("quiet_hours", "start")),
        ({"quiet_hours": {"days": ["monday"]}}, ("quiet_hours", "days", 0)),
        ({"quiet_hours": {"timezone": "../../x"}}, ("quiet_hours", "timezone")),
        ({"digest": {"frequency": "hourly"}}, ("digest", "frequency")),
        ({"digest": {"at": "08:10"}}, ("digest", "at")),
        ({"mute": True}, ("mute",)),
    ],
)
def test_what_means_nothing_is_refused_where_it_stands(body: dict[str, Any], where: tuple[object, ...]) -> None:
    """Each mistake is named by its field."""
    with pytest.raises(ValidationError) as refused:
        Preferences.model_validate(body)
    assert refused.value.errors()[0]["loc"][: len(where)] == where


@given(chosen)
def test_what_was_stored_is_read_again(preferences: Preferences) -> None:
    """And what today's code does not know of it is left out, not the rest."""
    body = preferences.model_dump(mode="json")
    assert kept(body) == preferences
    gone = {**body, "channels": {**body["channels"], "pigeon": True}, "sound": "loud"}
    gone["categories"] = {**body["categories"], "weather": {"email": True}}
    gone["digest"] = {"frequency": "hourly", "at": "09:00"}
    assert kept(gone) == preferences.model_copy(update={"digest": Digest(at="09:00")})
    assert kept({"channels": 7, "quiet_hours": {"enabled": True, "start": "07:00", "end": "07:00"}}) == Preferences()
