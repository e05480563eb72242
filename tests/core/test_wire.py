"""What crosses the boundary is strict: durations, zones, instants, texts and links."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from punctual.errors import InvalidEvent, InvalidPolicy, UnsafeUrl
from punctual.events import parse
from punctual.policy import parse as parse_policy
from punctual.urls import action_url
from punctual.wire import Id, Instant, Line, delta, stamp, zone
from tests.core.strategies import NOW, snapshot


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT24H", 86_400), ("P1D", 86_400), ("PT1H30M", 5_400), ("PT0S", 0), ("P1W", 604_800), ("P1DT1S", 86_401)],
)
def test_durations_are_iso_8601(text: str, seconds: int) -> None:
    """Weeks, days, hours, minutes and seconds."""
    assert delta(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "24h", "-PT1H", "P1M", "P1Y", "PT1.5H", "P99999999W", "PT1H ", "pt1h"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Months and years have no length, and nothing is guessed."""
    with pytest.raises(ValueError, match="must"):
        delta(text)


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "Europe/Berlin\n", "Mars/Phobos", "", "Europe/../UTC", "\0"]
)
def test_only_iana_zones_are_zones(name: str) -> None:
    """No path is opened for a hostile name."""
    with pytest.raises(ValueError, match="IANA"):
        zone(name)


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "2200-01-01T00:00:00Z",
        1_700_000_000,
        "2026-11-20T10:00:00",
        "2026-13-01T00:00:00Z",
        None,
        True,
    ],
)
def test_an_instant_has_an_offset_and_is_no_number(value: object) -> None:
    """Numbers could be seconds or milliseconds; a time without an offset could be anywhere."""
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python(value)


@pytest.mark.parametrize("value", ["a b", "", "x" * 129, "a/b", "ü", "a\n", "a\0"])
def test_ids_are_of_the_contract_s_pattern(value: str) -> None:
    """They stand in URLs and workflow ids."""
    with pytest.raises(ValidationError):
        TypeAdapter(Id).validate_python(value)


@pytest.mark.parametrize("value", ["a\0b", "a\x1bb", "safe\u202egnp.exe", "\ud800"])
def test_texts_hold_no_controls_and_no_overrides(value: str) -> None:
    """What would read as something it is not is refused."""
    with pytest.raises((ValidationError, UnicodeError)):
        TypeAdapter(Line).validate_python(value)


@pytest.mark.parametrize("url", ["/crm/42", "/a?b=c#d", "https://crm.example.com/x", "https://CRM.example.com:443/"])
def test_links_that_stay_with_us_are_kept(url: str) -> None:
    """Relative paths, and https on an allowed host."""
    assert action_url(url, ["crm.example.com"]) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "//evil.example", "/\\evil.example", "\\\\evil", "///evil", "data:text/html,x",
        "https://evil.example/", "https://crm.example.com@evil.example/", "https://crm.example.com.evil.example/",
        "http://crm.example.com/", "https://[::1]/", "https://127.1/", "/a b", "/a\tb", "", "crm/42",
        "https:/crm.example.com/", "https:crm.example.com", "https://crm.example.com:99999/", "https://crm.exam\u00adple.com/",
        "https://crm.example.com:8443/",
    ],
)  # fmt: skip
def test_links_that_lead_elsewhere_are_refused(url: str) -> None:
    """Read as browsers read them, not as urlsplit does."""
    with pytest.raises(UnsafeUrl):
        action_url(url, ["crm.example.com"])


@given(st.text(max_size=60))
def test_no_link_is_both_accepted_and_on_another_host(text: str) -> None:
    """Whatever is accepted as relative has one slash in front and no backslash anywhere."""
    try:
        accepted = action_url(text, [])
    except UnsafeUrl:
        return
    assert accepted[0] == "/"
    assert accepted[1:2] not in ("/", "\\")
    assert "\\" not in accepted


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))
)
def test_stamps_tell_instants_apart(one: datetime, other: datetime) -> None:
    """Two instants share a stamp only if they are the same."""
    a, b = one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)
    assert (stamp(a) == stamp(b)) == (a == b)


def test_every_problem_of_an_event_is_named_with_its_field() -> None:
    """One answer names them all, by JSON pointer, without repeating the values."""
    body = {"type": "appointment.scheduled", "time": "secret", "data": {**snapshot(NOW), "id": "a b", "x": 1}}
    with pytest.raises(InvalidEvent) as refused:
        parse(body, now=NOW)
    assert {problem.pointer for problem in refused.value.problems} == {"/id", "/time", "/data/id", "/data/x"}
    assert "secret" not in str(refused.value)


def test_old_type_names_are_understood() -> None:
    """Systems that move here keep their names."""
    body = {"id": "e", "type": "appointment_created", "time": NOW.isoformat(), "data": snapshot(NOW)}
    assert parse(body, now=NOW).type == "appointment.scheduled"


def test_a_time_far_ahead_is_refused() -> None:
    """It would win over everything that follows."""
    body = {"id": "e", "type": "appointment.scheduled", "data": snapshot(NOW)}
    parse({**body, "time": (NOW + timedelta(minutes=5)).isoformat()}, now=NOW)
    with pytest.raises(InvalidEvent, match="5 minutes ahead"):
        parse({**body, "time": (NOW + timedelta(minutes=6)).isoformat()}, now=NOW)


@pytest.mark.parametrize(
    ("starts_at", "instant"),
    [("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"), ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z")],
)
def test_local_times_of_an_event_follow_the_rule(starts_at: str, instant: str) -> None:
    """In the gap forward, in the overlap the first."""
    data = {**snapshot(NOW), "starts_at": starts_at, "timezone": "Europe/Berlin"}
    event = parse({"id": "e", "type": "appointment.scheduled", "time": NOW.isoformat(), "data": data}, now=NOW)
    assert event.data["starts_at"] == instant


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reminders": [{"before": "soon"}]}, "/reminders/0/before"),
        ({"reminders": [{}]}, "/reminders/0"),
        ({"reminders": [{"before": "PT1H", "day_before_at": "09:00"}]}, "/reminders/0"),
        ({"reminders": [{"before": "-PT1S"}]}, "/reminders/0/before"),
        ({"escalation": {"levels": [{"to": "nobody", "after": "PT0S"}]}}, "/escalation/levels/0/to"),
        ({"calendar": {"hours": {"mon": [["18:00", "09:00"]]}}}, "/calendar/hours/mon"),
        ({"calendar": {"hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}}, "/calendar/hours/mon"),
        ({"calendar": {"timezone": "Berlin"}}, "/calendar/timezone"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused_with_its_field(body: dict[str, object], pointer: str) -> None:
    """Each contradiction is named."""
    with pytest.raises(InvalidPolicy) as refused:
        parse_policy(body)
    assert pointer in {problem.pointer for problem in refused.value.problems}


def test_a_policy_reads_back_as_it_was_written() -> None:
    """PT24H stays PT24H and does not become P1D."""
    body = {"reminders": [{"before": "PT24H"}], "late_cutoff": "PT120M"}
    stored = parse_policy(body).model_dump(mode="json", exclude_none=True)
    assert (stored["reminders"], stored["late_cutoff"]) == ([{"before": "PT24H"}], "PT120M")
