"""Every notification type there is, each whole in one file: `templates/notices/<type>.md`.

A file is YAML front matter between `---` lines, then `# ` and the title, then the message; both are Jinja2 over the
notice's fields. `templates/notices/<locale>/<type>.md` holds title, message and `action_text` in another language.
A file that does not fit stops the start, with its name and what is wrong with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, TemplateSyntaxError, nodes
from pydantic import ValidationError

from punctual.declaration import FrontMatter
from punctual.errors import FieldProblem
from punctual.fields import checked
from punctual.notification import COMMON
from punctual.people import DEFAULT_LANGUAGE, in_language
from punctual.registry import ENTITIES
from punctual.wire import field_problems

NOTICES = Path(__file__).parent / "templates" / "notices"

DERIVED = ("assignee_names", "deadline")
"""What the words of an entity's notice may use besides its snapshot: names joined by commas, an ISO instant."""

_PARSER = Environment(autoescape=False)  # noqa: S701 - only parses; nothing is rendered by it
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CatalogueError(Exception):
    """A notice's file cannot be used; the message names the file."""


@dataclass(frozen=True)
class Words:
    """A notice in one language; `title` and `message` are Jinja2 sources."""

    title: str
    message: str
    action_text: str


@dataclass(frozen=True)
class Notice:
    """One notification type."""

    type: str
    about: FrontMatter
    words: dict[str, Words] = field(default_factory=dict)

    @property
    def entity(self) -> str | None:
        """The kind whose snapshot its data is; None for a single event's."""
        return self.about.entity

    @cached_property
    def fields(self) -> list[str]:
        """The names that its data may have, besides what every single event may carry."""
        return list(ENTITIES[self.entity].snapshot.model_fields if self.entity else self.about.fields)

    @cached_property
    def required(self) -> list[str]:
        """Those of `fields` that its data must have."""
        if self.entity:
            model = ENTITIES[self.entity].snapshot.model_fields
            return [name for name, info in model.items() if info.is_required()]
        return [name for name, type_ in self.about.fields.items() if not type_.endswith("?")]

    @cached_property
    def placeholders(self) -> list[str]:
        """What its words may use."""
        return [*self.fields, *(name for name in DERIVED if self.entity)]

    def in_locale(self, locale: str) -> Words:
        """The words for `locale` (`hi-IN` falls back to `hi`, then to English)."""
        return in_language(self.words, locale)

    def audience(self, data: Mapping[str, Any]) -> list[str]:
        """The words for whom this data concerns, in order, each once."""
        further = [word for also in self.about.also if also.holds(data) for word in also.to]
        return list(dict.fromkeys([*self.about.audience, *further]))

    def spared(self, data: Mapping[str, Any]) -> set[str]:
        """Who of the audience did it themselves, and is not told."""
        found: set[str] = set()
        for path in self.about.not_to:
            value: Any = data
            for name in path.split("."):
                value = value.get(name) if isinstance(value, Mapping) else None
            found |= {value} if isinstance(value, str) else set()
        return found

    def problems(self, data: Mapping[str, Any]) -> list[FieldProblem]:
        """What is wrong with its own fields in a single event's `data`; paths begin with "data"."""
        return self._checked(data)[1]

    def normal(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Its own fields of `data` without problems, as they are kept: texts stripped, instants in UTC."""
        return self._checked(data)[0]

    def _checked(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldProblem]]:
        own = {name: value for name, value in data.items() if name in self.fields or name not in COMMON}
        if self.entity is None:
            good, found = checked(self.about.fields, own)
            return good, [FieldProblem(("data", *problem.path), problem.detail) for problem in found]
        try:
            snapshot = ENTITIES[self.entity].snapshot.model_validate(own)
        except ValidationError as error:
            return {}, field_problems(error, "data")
        return snapshot.model_dump(mode="json", exclude_none=True), []

    @cached_property
    def public(self) -> dict[str, Any]:
        """The notice as `GET /v1/catalogue` shows it."""
        about = self.about
        return {
            "type": self.type,
            "category": about.category,
            "priority": about.priority,
            "channels": about.channels,
            "mandatory": about.mandatory,
            "digestible": about.digestible,
            "audience": about.audience,
            "entity": self.entity,
            "fields": self.fields,
            "required": self.required,
            "lifetime": about.lifetime,
            "aliases": about.aliases,
            "example": about.example,
        }


def load(folder: Path = NOTICES) -> dict[str, Notice]:
    """All notices by type; raises CatalogueError for the first file that cannot be used."""
    notices: dict[str, Notice] = {}
    for path in sorted(folder.glob("*.md")):
        front, (title, message) = _read(path)
        try:
            about = FrontMatter.model_validate(front)
        except ValidationError as error:
            problem = field_problems(error)[0]
            raise CatalogueError(
                f"{path.name}: {'.'.join(map(str, problem.path))} {problem.detail}".strip()
            ) from None
        notices[path.stem] = Notice(path.stem, about, {DEFAULT_LANGUAGE: Words(title, message, about.action_text)})
    for path in sorted(folder.glob("*/*.md")):
        front, (title, message) = _read(path)
        name = f"{path.parent.name}/{path.name}"
        if path.stem not in notices:
            raise CatalogueError(f"{name}: there is no {path.name} that it translates")
        if front.keys() != {"action_text"} or not isinstance(front["action_text"], str):
            raise CatalogueError(f"{name}: a translation's front matter holds action_text and nothing else")
        notices[path.stem].words[path.parent.name] = Words(title, message, front["action_text"])
    for notice in notices.values():
        _check_words(notice)
    aliases(notices)
    return notices


def aliases(notices: Mapping[str, Notice]) -> dict[str, str]:
    """What older systems call our types; raises CatalogueError where a name would mean two of them."""
    found: dict[str, str] = {}
    for type_, notice in notices.items():
        for alias in notice.about.aliases:
            if alias in notices or alias in found:
                raise CatalogueError(f"{type_}.md: the alias {alias} belongs to {found.get(alias, alias)} already")
            found[alias] = type_
    return found


def placeholders(source: str) -> set[str]:
    """The names that a template takes from outside."""
    tree = _PARSER.parse(source)
    names = list(tree.find_all(nodes.Name))
    own = {macro.name for macro in tree.find_all(nodes.Macro)} | {node.name for node in names if node.ctx != "load"}
    return {node.name for node in names} - own


def _check_words(notice: Notice) -> None:
    for locale, words in notice.words.items():
        name = f"{notice.type}.md" if locale == DEFAULT_LANGUAGE else f"{locale}/{notice.type}.md"
        try:
            used = placeholders(words.title) | placeholders(words.message)
        except TemplateSyntaxError as error:
            raise CatalogueError(f"{name}: {error.message}") from None
        if unknown := sorted(used.difference(notice.placeholders)):
            raise CatalogueError(f"{name}: {', '.join(unknown)} is no field of it; there is {notice.placeholders}")


def _read(path: Path) -> tuple[dict[str, Any], tuple[str, str]]:
    parts = path.read_text("utf-8").split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise CatalogueError(f"{path.name}: must start with front matter between two lines of ---")
    title, _, message = parts[2].strip().partition("\n")
    if not title.startswith("# ") or not message.strip():
        raise CatalogueError(f"{path.name}: needs a line `# title` and then a message")
    try:
        front = yaml.load(parts[1], _YAML) or {}  # noqa: S506 - one of the safe loaders
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path.name}: {error}") from None
    if not isinstance(front, dict):
        raise CatalogueError(f"{path.name}: the front matter must be an object")
    return front, (title[2:].strip(), message.strip())
