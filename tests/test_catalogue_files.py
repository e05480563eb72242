"""The files of notices: what may be declared in them, and what becomes of those that do not fit."""

from pathlib import Path
from typing import Any

import pytest

import catalogue
from activities import rendering
from catalogue import CatalogueError

DECLARES = """\
---
category: system
priority: low
audience: []
action_text: Open
fields: {id: id, ids: ids?, line: line, lines: lines?, text: text?, number: number?, integer: integer?,
  instant: instant?, flag: flag?, category: category?, counts: counts?}
example: {id: "1", line: x}
---
# {{ line }}

x
"""


@pytest.mark.parametrize(
    ("field", "bad", "good"),
    [
        ("id", ["", "a b", 1, None], ["a.b~c"]),
        ("ids", ["a", ["a b"], ["a"] * 101], [[], ["a", "b"], None]),
        ("line", ["", "  ", "a\nb", "x" * 501, None, 1], ["a " * 250]),
        ("lines", ["a", ["a\nb"], [1]], [["a", "b"]]),
        ("text", ["x" * 5001, "a\x00", 1], ["a\nb", "a\r\nb", "x" * 5000]),
        ("number", [float("nan"), float("inf"), True, "1", 10**400, 1e300], [1, -1.5, 0]),
        ("integer", [1.5, True, "1", 10**400], [1, -1]),
        ("instant", ["2027-01-01", "2027-01-01T10:00:00", 1, "soon"], ["2027-01-01T10:00:00+05:30"]),
        ("flag", [1, "true"], [True, False]),
        ("category", ["nonsense", 1], ["leads"]),
        ("counts", [[], {"a b": 1}, {"a": -1}, {"a": True}], [{"leads": 3}]),
    ],
)
def test_each_type_of_field_takes_only_its_values(
    tmp_path: Path, field: str, bad: list[Any], good: list[Any]
) -> None:
    """The refused value's path is named."""
    (tmp_path / "some.thing.md").write_text(DECLARES)
    notice = catalogue.load(tmp_path)["some.thing"]
    for value in bad:
        found = notice.problems({**notice.about.example, field: value})
        assert {problem.path[:2] for problem in found} == {("data", field)}, value
    for value in good:
        assert notice.problems({**notice.about.example, field: value}) == [], value


GOOD = "category: system\npriority: low\naudience: []\naction_text: Open\nexample: {}\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# no front matter\n\nx\n", "front matter"),
        ("---\n- a\n---\n# t\n\nm\n", "must be an object"),
        ("---\n: [\n---\n# t\n\nm\n", "parsing"),
        ("---\ncategory: nonsense\n---\n# t\n\nm\n", "category must be one of appointments"),
        ("---\ncategory: system\n---\nno title\n", "title"),
        (f"---\n{GOOD}audience: [bosses]\n---\n# t\n\nm\n", "audience.0 must match"),
        (f"---\n{GOOD}channels: [fax]\n---\n# t\n\nm\n", "channels.0 is not a channel"),
        (f"---\n{GOOD}lifetime: a month\n---\n# t\n\nm\n", "lifetime must be an ISO 8601 duration"),
        (f"---\n{GOOD}entity: spaceship\n---\n# t\n\nm\n", "entity is not a kind of entity"),
        (f"---\n{GOOD}fields: {{a: colour}}\n---\n# t\n\nm\n", "fields.a is not a type of field"),
        (f"---\n{GOOD}fields: {{metadata: line}}\n---\n# t\n\nm\n", "which every event may carry"),
        (f"---\n{GOOD}entity: task\nfields: {{a: line}}\n---\n# t\n\nm\n", "has entity and fields"),
        (f"---\n{GOOD}also: [{{to: [managers]}}]\n---\n# t\n\nm\n", "also.0.when is required"),
        (f"---\n{GOOD}---\n# t\n\n{{{{ tilte }}}}\n", "tilte is no field of it"),
        (f"---\n{GOOD}---\n# t\n\n{{% if %}}\n", "Expected an expression"),
        (f"---\n{GOOD}aliases: [twice, twice]\n---\n# t\n\nm\n", "alias twice belongs to"),
        (f"---\n{GOOD}aliases: [broken.type]\n---\n# t\n\nm\n", "alias broken.type belongs to"),
    ],
)
def test_a_file_that_does_not_fit_stops_the_start_with_its_name(tmp_path: Path, text: str, complaint: str) -> None:
    """The author learns which file and why."""
    (tmp_path / "broken.type.md").write_text(text)
    with pytest.raises(CatalogueError, match=complaint) as error:
        catalogue.load(tmp_path)
    assert "broken.type.md" in str(error.value)


@pytest.mark.parametrize(
    ("name", "front", "complaint"),
    [
        ("gone.type.md", "action_text: x", "there is no gone.type.md"),
        ("some.thing.md", "priority: low", "action_text and nothing else"),
        ("some.thing.md", "", "action_text and nothing else"),
    ],
)
def test_a_translation_that_does_not_fit_stops_the_start(
    tmp_path: Path, name: str, front: str, complaint: str
) -> None:
    """It translates a type that is there, and decides nothing but words."""
    (tmp_path / "some.thing.md").write_text(DECLARES)
    (tmp_path / "hi").mkdir()
    (tmp_path / "hi" / name).write_text(f"---\n{front}\n---\n# t\n\nm\n")
    with pytest.raises(CatalogueError, match=complaint) as error:
        catalogue.load(tmp_path)
    assert f"hi/{name}" in str(error.value)


@pytest.mark.parametrize("message", ["{{ line | nonsense }}", "{{ text | when }}", "{{ line.x.y }}"])
def test_words_that_cannot_be_rendered_are_found_before_anybody_is_told(tmp_path: Path, message: str) -> None:
    """An unknown filter, or one on a field that may be absent, is named with its file."""
    declared, _, _ = DECLARES.rpartition("x\n")
    (tmp_path / "some.thing.md").write_text(declared + message)
    with pytest.raises(CatalogueError, match=r"some\.thing\.md in en"):
        rendering.check(catalogue.load(tmp_path).values())
    rendering.check(catalogue.load().values())
