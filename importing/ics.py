"""iCalendar text (RFC 5545) cut into components, each with the line it begins in.

The cutting is ours so that one broken component costs nothing but itself; what is inside one is read by icalendar.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from icalendar import Component, Event, Timezone
from icalendar.error import GloballyUniqueTZIDGuessed

from importing import Refused

_TOP_LEVEL = frozenset({"VCALENDAR", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"})


@dataclass
class Block:
    """One component as it stands in the file: unfolded lines without its BEGIN and END, alarms left out."""

    name: str
    line: int
    lines: list[str] = field(default_factory=list)
    problem: str | None = None

    @property
    def uid(self) -> str | None:
        """Its UID as far as it can be made out, however broken the rest is."""
        found = (line.partition(":")[2] for line in self.lines if line[:4].upper() in ("UID:", "UID;"))
        return next(found, None)


@dataclass
class Calendars:
    """What a file holds. `whole` is False where it ends in the middle; `found` tells whether there is a calendar."""

    blocks: list[Block] = field(default_factory=list)
    found: bool = False
    whole: bool = True

    def named(self, name: str) -> list[Block]:
        return [block for block in self.blocks if block.name == name]


def split(content: bytes) -> Calendars:
    """The components of all calendars in `content`, in order."""
    cut = _Cut()
    for number, raw in _unfolded(content):
        cut.take(number, raw)
    return cut.end()


class _Cut:
    """The state of cutting: the component we are in, and the components within it."""

    def __init__(self) -> None:
        self._result = Calendars()
        self._block: Block | None = None
        self._within: list[str] = []

    def take(self, number: int, raw: bytes) -> None:
        """One unfolded line."""
        text = raw.decode("utf-8", "replace")
        key, _, value = text.partition(":")
        match key.strip().upper():
            case "BEGIN":
                self._begin(number, value.strip().upper(), text)
            case "END":
                self._end(value.strip().upper(), text)
            case _:
                self._keep(text)
                if self._block and not self._within and "\ufffd" in text and not _is_utf8(raw):
                    self._block.problem = f"line {number} is not UTF-8 text"

    def end(self) -> Calendars:
        if self._block is not None:
            self._close(f"has no END:{self._block.name}")
            self._result.whole = False
        return self._result

    def _begin(self, number: int, name: str, text: str) -> None:
        if self._block is not None and name not in _TOP_LEVEL:
            self._within.append(name)
            self._keep(text)
            return
        if self._block is not None:
            self._close(f"has no END:{self._block.name}")
        if name == "VCALENDAR":
            self._result.found, self._result.whole = True, False
        else:
            self._block = Block(name, number)

    def _end(self, name: str, text: str) -> None:
        if self._block is not None and name == self._block.name:
            self._close()
        elif name == "VCALENDAR":
            if self._block is not None:
                self._close(f"has no END:{self._block.name}")
            self._result.whole = True
        elif name in self._within:
            self._keep(text)
            del self._within[self._within.index(name) :]

    def _keep(self, text: str) -> None:
        if self._block is not None and (not self._within or self._block.name == "VTIMEZONE"):
            self._block.lines.append(text)

    def _close(self, problem: str | None = None) -> None:
        assert self._block is not None
        self._block.problem = problem or self._block.problem
        self._result.blocks.append(self._block)
        self._block, self._within = None, []


def component(block: Block) -> Component:
    """A VEVENT's or VTODO's properties; raises Refused where it cannot be read at all."""
    if block.problem is not None:
        raise Refused(block.problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GloballyUniqueTZIDGuessed)
        try:
            # Properties read alike in both, but only in a VEVENT does icalendar go on after a broken one.
            return Event.from_ical(_text("VEVENT", block.lines))
        except OSError:  # the zone database has a folder of that name
            raise Refused("names an unknown time zone") from None
        except Exception as error:  # whatever the parser meets in a stranger's file
            raise Refused(f"cannot be read ({type(error).__name__})") from None


def timezone(block: Block) -> Timezone | None:
    """A VTIMEZONE, or None where it cannot be read: then only its name counts."""
    try:
        return Timezone.from_ical(_text(block.name, block.lines))  # type: ignore[return-value]
    except Exception:  # whatever the parser meets in a stranger's file
        return None


def _text(name: str, lines: list[str]) -> str:
    return "\r\n".join((f"BEGIN:{name}", *lines, f"END:{name}", ""))


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unfolded(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Content lines with the number of their first line. Bytes, because a fold may cut a character in two."""
    start, parts = 0, list[bytes]()
    for number, raw in enumerate(content.splitlines(), 1):
        if raw[:1] in (b" ", b"\t") and parts:
            parts.append(raw[1:])
        elif raw:
            if parts:
                yield start, b"".join(parts)
            start, parts = number, [raw]
    if parts:
        yield start, b"".join(parts)
