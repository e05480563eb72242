"""The types of the fields that a single event's `data` may have, by the names that notices declare them under."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, TypeAdapter, ValidationError

from punctual.errors import FieldProblem
from punctual.wire import Id, Instant, Line, Text, field_problems

CATEGORIES = (
    "appointments", "follow_ups", "tasks", "tickets", "leads", "customers", "sales",
    "inventory", "payments", "content", "security", "account", "system", "digests",
)  # fmt: skip
"""What notifications are about, as people choose among them."""

_LARGEST = 10**15


def known_category(name: str) -> str:
    """`name` if it is a category; else ValueError."""
    if name not in CATEGORIES:
        raise ValueError(f"must be one of {', '.join(CATEGORIES)}")
    return name


def _one_line(text: str) -> str:
    if len(text.splitlines()) > 1:
        raise ValueError("must be one line")
    return text


def _unix_lines(text: Any) -> Any:
    """Mails and Windows end their lines with two characters."""
    return text.replace("\r\n", "\n") if isinstance(text, str) else text


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise ValueError(f"must be a number of at most {_LARGEST:,}")
    return value


_OneLine = Annotated[Line, AfterValidator(_one_line)]
_Whole = Annotated[StrictInt, Field(ge=-_LARGEST, le=_LARGEST)]
_Count = Annotated[StrictInt, Field(ge=0, le=_LARGEST)]
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]

TYPES: dict[str, TypeAdapter[Any]] = {
    "id": TypeAdapter(Id),
    "ids": TypeAdapter(Annotated[list[Id], Field(max_length=100)]),
    "line": TypeAdapter(_OneLine),
    "lines": TypeAdapter(Annotated[list[_OneLine], Field(max_length=100)]),
    "text": TypeAdapter(Annotated[Text, BeforeValidator(_unix_lines)]),
    "number": TypeAdapter(Annotated[Any, AfterValidator(_number)]),
    "integer": TypeAdapter(_Whole),
    "counts": TypeAdapter(Annotated[dict[_Name, _Count], Field(max_length=100)]),
    "instant": TypeAdapter(Instant),
    "flag": TypeAdapter(StrictBool),
    "category": TypeAdapter(Annotated[str, AfterValidator(known_category)]),
}
"""`lines` is a list of lines, `counts` an object of whole numbers by name."""


def checked(fields: Mapping[str, str], data: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldProblem]]:
    """`data` as JSON by `fields` (name → type, `?` after it when optional), and what is wrong with it."""
    good: dict[str, Any] = {}
    problems = [FieldProblem((name,), "is not a known field") for name in data if name not in fields]
    for name, type_ in fields.items():
        optional = type_.endswith("?")
        if data.get(name) is None and (optional or name not in data):
            problems += [] if optional else [FieldProblem((name,), "is required")]
            continue
        adapter = TYPES[type_.removesuffix("?")]
        try:
            good[name] = adapter.dump_python(adapter.validate_python(data[name]), mode="json")
        except ValidationError as error:
            problems += field_problems(error, name)
            continue
        if not optional and good[name] in ("", [], {}):
            problems.append(FieldProblem((name,), "must not be empty"))
    return good, problems
