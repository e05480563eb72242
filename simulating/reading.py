"""A scenario's file as plain data: JSON, or YAML 1.2's core types, so that 17:50 and NO mean what they say."""

import json
import re
from pathlib import Path
from typing import Any, NoReturn

import yaml

from simulating import ScenarioError


def read(path: Path) -> Any:
    """The document in the file; raises ScenarioError."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is not UTF-8") from None
    try:
        if path.suffix == ".json":
            return json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_constant)
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except json.JSONDecodeError as error:
        raise ScenarioError(f"{path.name}: line {error.lineno}: is not JSON ({error.msg})") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ScenarioError(f"{path.name}: {line}{error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ScenarioError(f"{path.name}: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ScenarioError(f"{path.name}: is nested too deeply") from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object holds the same key twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


class _Loader(yaml.SafeLoader):
    """Times stay texts, `no` stays a country, and no key may come twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        names: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.composer.ComposerError(None, None, "a key must be a text", key.start_mark)
            if key.value in names:
                raise yaml.composer.ComposerError(None, None, f"{key.value} stands here twice", key.start_mark)
            names.add(key.value)
        return node


for _tag, _pattern, _first in (
    ("merge", r"<<", ["<"]),
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)
