"""What people call categories and types: read from the pages' own words, so that a mail's link says the same."""

import json
import re
from collections.abc import Mapping
from typing import Literal

from api.link_pages import LANGUAGES
from api.pages import WEB

_PAIR = re.compile(r'^  "((?:category|type)\.[a-z_.]+)": ("(?:[^"\\]|\\.)*"),$', re.MULTILINE)


def _names(language: str) -> Mapping[str, str]:
    text = (WEB / "pages" / f"names-{language}.js").read_text("utf-8")
    return {key: json.loads(name) for key, name in _PAIR.findall(text)}


_NAMES = {language: _names(language) for language in LANGUAGES}


def name(language: str, what: Literal["category", "type"], key: str) -> str:
    """The name in one of LANGUAGES; what has none is called by its key."""
    return _NAMES[language].get(f"{what}.{key}") or key.replace("_", " ").replace(".", " ").capitalize()
