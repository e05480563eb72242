"""The building blocks of everything that crosses a boundary: ids, instants, durations, zones, strict models."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)

from punctual.errors import FieldProblem

ID_PATTERN = r"^[A-Za-z0-9._~-]{1,128}$"

_DURATION = re.compile(r"^P(?:([0-9]+)W|(?:([0-9]+)D)?(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?)$")
_ZONE = re.compile(r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$")
_EARLIEST, _LATEST = 1970, 2200
# Files beside the zones that mean something else on each machine, or leap seconds.
_NO_PLACES = frozenset({"localtime", "posixrules", "posix", "right", "Factory"})
_LONGEST = timedelta(days=3660)
# C0 and C1 controls and the bidirectional overrides, which make a text read as something it is not.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


class Strict(BaseModel):
    """A closed, immutable wire model: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@cache
def zone(name: str) -> ZoneInfo:
    """The IANA zone called `name`; raises ValueError for anything else."""
    if not _ZONE.fullmatch(name) or len(name) > 64 or name.split("/", maxsplit=1)[0] in _NO_PLACES:
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError("must be an IANA time zone such as Europe/Berlin") from None


def delta(duration: str) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours, minutes and seconds as a timedelta; a day is 24 hours."""
    match = _DURATION.fullmatch(duration) if len(duration) <= 40 else None
    if not match or not any(match.groups()):
        raise ValueError("must be an ISO 8601 duration such as PT30M, PT24H or P1D")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        length = timedelta.max
    if length > _LONGEST:
        raise ValueError("must not be longer than ten years")
    return length


def _zone_name(name: str) -> str:
    zone(name)
    return name


def _duration(text: str) -> str:
    delta(text)
    return text


def _positive(text: str) -> str:
    if not delta(text):
        raise ValueError("must be longer than zero")
    return text


def _printable(text: str) -> str:
    if _UNPRINTABLE.search(text):
        raise ValueError("must not hold control characters or text-direction overrides")
    if not text.isascii():
        text.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
    return text


def iso_time(value: Any) -> datetime:
    """An ISO 8601 time, with or without an offset; numbers and other guesses are refused."""
    moment = value if isinstance(value, datetime) else None
    if isinstance(value, str) and len(value) <= 40:
        with suppress(ValueError):
            moment = datetime.fromisoformat(value)
    if moment is None:
        raise ValueError("must be an ISO 8601 time such as 2026-11-20T10:00:00Z")
    # Far enough from both ends of the calendar that nothing derived from it can fall off.
    if not _EARLIEST <= moment.year < _LATEST:
        raise ValueError(f"must be between the years {_EARLIEST} and {_LATEST}")
    return moment


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Instant = Annotated[AwareDatetime, BeforeValidator(iso_time), AfterValidator(_utc)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
"""An instant of our own reckoning, which may lie beyond what we accept from others."""
ZoneName = Annotated[str, AfterValidator(_zone_name)]
Duration = Annotated[str, AfterValidator(_duration)]
PositiveDuration = Annotated[str, AfterValidator(_duration), AfterValidator(_positive)]
LocalTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


Title = Annotated[
    str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), AfterValidator(_printable)
]
Line = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), AfterValidator(_printable)]
Text = Annotated[str, StringConstraints(max_length=5000, strip_whitespace=True), AfterValidator(_printable)]


def _priority(value: Any) -> Any:
    return "normal" if value == "medium" else value


Priority = Annotated[Literal["low", "normal", "high", "urgent"], BeforeValidator(_priority)]
"""`medium` is what older systems call `normal`."""


_WORDS = {
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be an object",
    "extra_forbidden": "is not a known field",
    "greater_than_equal": "must be at least {ge}",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "missing": "is required",
    "model_attributes_type": "must be an object",
    "model_type": "must be an object",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_type": "must be a string",
    "timezone_aware": "must have an offset or Z",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
}


def field_problems(error: ValidationError, *prefix: str | int) -> list[FieldProblem]:
    """pydantic's findings as ours: where and what, without the refused value itself."""
    return [
        FieldProblem((*prefix, *where(item)), words(item))
        for item in error.errors(include_url=False, include_context=True, include_input=False)
    ]


def where(item: Any) -> tuple[str | int, ...]:
    """Where one of pydantic's findings is; a key that cannot be one stands for itself."""
    return tuple(part for part in item["loc"] if part != "[key]")


def words(item: Any) -> str:
    """One of pydantic's findings, for a person."""
    if item["type"] == "value_error":
        return str(item["ctx"]["error"])
    known = _WORDS.get(item["type"])
    return known.format(**item.get("ctx", {})) if known else str(item["msg"])


def stamp(moment: datetime) -> str:
    """An instant as it stands in keys: `20261120T090000Z`, with microseconds only where it has any."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ" if moment.microsecond else "%Y%m%dT%H%M%SZ")
