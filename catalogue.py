"""Every notification type there is, each whole in one file: `templates/notices/<type>.md`.

A file is YAML front matter between `---` lines, then `# ` and the title, then the message; both are Jinja2 over
the fields of the entity. `templates/notices/<locale>/<type>.md` holds title, message and `action_text` in another
language. A file that does not fit stops the start, with its name and what is wrong with it.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from punctual.channels import CHANNELS

NOTICES = Path(__file__).parent / "templates" / "notices"
DEFAULT_LOCALE = "en"


class CatalogueError(Exception):
    """A notice's file cannot be used; the message names the file."""


class FrontMatter(BaseModel):
    """What a notice declares besides its words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: Literal[
        "appointments", "follow_ups", "tasks", "tickets", "leads", "customers", "sales",
        "inventory", "payments", "content", "security", "account", "system", "digests",
    ]  # fmt: skip
    priority: Literal["low", "normal", "high", "urgent"]
    audience: Annotated[list[str], Field(min_length=1)]
    action_text: str
    fields: list[str]
    collapse: str = ""
    """Notices with the same collapse key replace one another on a device; empty: the entity and the type."""
    mandatory: bool = False
    digestible: bool = False
    aliases: list[str] = []
    example: dict[str, Any]


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

    def in_locale(self, locale: str) -> Words:
        """The words for `locale` (`hi-IN` falls back to `hi`, then to English)."""
        language = locale.replace("_", "-").split("-")[0].lower()
        return self.words.get(language) or self.words[DEFAULT_LOCALE]

    @cached_property
    def public(self) -> dict[str, Any]:
        """The notice as `GET /v1/catalogue` shows it."""
        about = self.about
        return {
            "type": self.type,
            "category": about.category,
            "priority": about.priority,
            "channels": list(CHANNELS),
            "mandatory": about.mandatory,
            "digestible": about.digestible,
            "audience": about.audience,
            "fields": about.fields,
            "aliases": about.aliases,
            "example": about.example,
        }


def load(folder: Path = NOTICES) -> dict[str, Notice]:
    """All notices by type."""
    notices: dict[str, Notice] = {}
    for path in sorted(folder.glob("*.md")):
        front, words = _read(path)
        try:
            about = FrontMatter.model_validate(front)
        except ValidationError as error:
            raise CatalogueError(f"{path.name}: {error.errors(include_url=False)[0]}") from None
        all_words = {DEFAULT_LOCALE: Words(*words, action_text=about.action_text)}
        for other in sorted(folder.glob(f"*/{path.name}")):
            front, words = _read(other)
            all_words[other.parent.name] = Words(*words, action_text=front.get("action_text", about.action_text))
        notices[path.stem] = Notice(path.stem, about, all_words)
    return notices


def _read(path: Path) -> tuple[dict[str, Any], tuple[str, str]]:
    parts = path.read_text("utf-8").split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise CatalogueError(f"{path.name}: must start with front matter between two lines of ---")
    title, _, message = parts[2].strip().partition("\n")
    if not title.startswith("# ") or not message.strip():
        raise CatalogueError(f"{path.name}: needs a line `# title` and then a message")
    front = yaml.safe_load(parts[1]) or {}
    return front, (title[2:].strip(), message.strip())
