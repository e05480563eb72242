"""What every notice reads like, in each language: from its whole example, and from no more than it must have."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activities.rendering import render
from catalogue import Notice

FOLDER = Path(__file__).parent
LOCALES = ("en", "hi")
NOW = datetime(2027, 11, 19, 9, 30, tzinfo=UTC)


def whole(notice: Notice) -> dict[str, Any]:
    """The example, with all that comes along with an entity."""
    along = {"assignee_names": "Asha Rao, Ben Keller", "deadline": "2027-11-19T10:00:00Z"} if notice.entity else {}
    return {**notice.about.example, **along}


def least(notice: Notice) -> dict[str, Any]:
    """The example without what may be absent."""
    return {name: value for name, value in notice.about.example.items() if name in notice.required}


def reading(notice: Notice, locale: str) -> str:
    """The notice as `tests/golden/<locale>.md` shows it."""
    parts = [f"## {notice.type}"]
    texts = []
    for data in (whole(notice), least(notice)):
        title, message, action = render(notice, data, locale=locale, timezone="Asia/Kolkata", now=NOW)
        texts.append(f"**{title}**\n\n{message}\n\n[{action}]")
    return "\n\n".join(parts + list(dict.fromkeys(texts))) + "\n"


def recorded(locale: str) -> dict[str, str]:
    """The recorded readings by type."""
    sections = (FOLDER / f"{locale}.md").read_text("utf-8").split("\n## ")[1:]
    return {section.partition("\n")[0]: f"## {section.rstrip()}\n" for section in sections}
