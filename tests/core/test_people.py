"""Who is meant, and what may be shown of a customer."""

import pytest

from punctual.people import first_name, is_nobody, named


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Meera Iyer", "Meera"),
        ("Meera\tIyer", "Meera"),
        ("Dr. Meera Iyer", "Meera"),
        ("Iyer, Meera", "Meera"),
        ("meera.iyer@example.com", "meera"),
        ("मीरा अय्यर", "मीरा"),
        ("Jean-Luc Picard", "Jean-Luc"),
        ("O'Neil Pat", "O'Neil"),
        ("ACME, Inc.", "ACME"),
        ("+91 98200 12345", "…"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_lock_screen_shows_a_first_name_and_nothing_else(name: str | None, shown: str) -> None:
    """No surname, no address, no number, no title."""
    assert first_name(name) == shown


def test_people_are_named_by_fields_one_or_many() -> None:
    """Each once, in the order of the audience."""
    data = {"assignee_ids": ["asha", "ben"], "creator_id": "asha", "requester_id": None, "manager_id": "ravi"}
    assert named(["creator", "assignees", "requester", "managers", "everyone"], data) == ["asha", "ben"]
    assert named(["assignees"], {"assignee_id": "asha"}) == ["asha"]


@pytest.mark.parametrize(
    ("audience", "data", "nobody"),
    [
        (["assignees", "managers"], {}, True),
        (["assignees"], {"assignee_ids": ["asha"]}, False),
        (["role:admin"], {}, False),
        (["everyone"], {}, False),
        (["from_team", "to_team"], {"to_team": "north"}, False),
        ([], {}, True),
    ],
)
def test_an_event_that_can_reach_nobody_is_known_as_such(
    audience: list[str], data: dict[str, object], nobody: bool
) -> None:
    """Groups may have members; people must be named."""
    assert is_nobody(audience, data) is nobody
