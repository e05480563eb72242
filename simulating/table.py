"""The rows of a simulation for a person: one line each, at 100 columns or as wide as the terminal."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from punctual.channels import CHANNELS
from punctual.protocol import DIGEST
from simulating.rows import Row

WIDTH = 100
_NAMES = {"web_push": "push"}
_STYLES = {"refused": "red", "failed": "red", "done": "green", "planned": "dim"}
_TOLD = ("sent", "deferred")
_SHORT, _LONG = "%a %d %b %H:%M", "%a %d %b %Y %H:%M"
_NEAR = timedelta(days=6)


def show(rows: Sequence[Row], title: str, where: ZoneInfo, console: Console) -> None:
    """Prints the table; `title` says what was simulated, local times are in `where`."""
    if not console.is_terminal:
        console.width = WIDTH
    year = rows[0].at.astimezone(where).year if rows else 0
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in ("when", "what", "type", "who"):
        table.add_column(name, no_wrap=True)
    table.add_column("outcome")
    for row, more in _folded(rows):
        local = row.at.astimezone(where)
        if local.year != year:
            year = local.year
            table.add_row(Text(str(year), "bold"))
        table.add_row(local.strftime(_SHORT), _what(row), _type(row), _who(row), _outcome(row, more, where))
    with console.capture() as captured:
        console.print(Text(title))
        console.print()
        console.print(table)
    console.file.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))


def _beside(moment: datetime, other: datetime, where: ZoneInfo) -> str:
    """`moment` where `other` is read as well, without the day or the year that they share."""
    local, known = moment.astimezone(where), other.astimezone(where)
    if local.date() == known.date():
        return local.strftime("%H:%M")
    return local.strftime(_SHORT if local.year == known.year else _LONG)


def _near(moment: datetime, other: datetime, where: ZoneInfo) -> str:
    """As `_beside`, where the reader knows which of the two comes first: within six days by the day's name."""
    local = moment.astimezone(where)
    apart = abs(local.date() - other.astimezone(where).date())
    return local.strftime("%a %H:%M") if timedelta(0) < apart <= _NEAR else _beside(moment, other, where)


def _folded(rows: Sequence[Row]) -> list[tuple[Row, int]]:
    """The rows; levels of one chain that fell away together are one, with how many came after it."""
    found: list[tuple[Row, int]] = []
    for row in rows:
        if found and _fell_with(found[-1][0], row):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((row, 0))
    return found


def _fell_with(before: Row, row: Row) -> bool:
    is_level = row.level is not None or row.type == "escalation.exhausted"
    alike = all(
        getattr(before, name) == getattr(row, name) for name in ("at", "entity", "outcome", "reason", "user_id")
    )
    return is_level and alike and row.user_id is None and row.due_at is not None


def _what(row: Row) -> str:
    return row.alone.entity if row.alone else row.entity


def _type(row: Row) -> str:
    """Without the kind, which stands beside it."""
    kind = _what(row).partition("/")[0]
    name = row.type.removeprefix(f"{kind}.")
    return f"{name} ({row.level}{', again' if row.again else ''})" if row.level else name


def _who(row: Row) -> str:
    if row.user_id is None:
        return "–"
    return f"by {row.user_id}" if row.outcome in ("done", "refused") else row.user_id


def _outcome(row: Row, more: int, where: ZoneInfo) -> Text:
    if row.outcome == "changed":
        return Text(row.detail or "")
    parts = _channels(row, where)
    if row.outcome not in _TOLD or not parts:
        fate = "/".join(dict.fromkeys(filter(None, (row.outcome, row.reason))))
        if row.due_at:
            fate += f", due {_beside(row.due_at, row.at, where)}"
        if more:
            fate += f", and {more} more"
        parts.append(Text(f"{fate}:" if row.detail else fate, _STYLES.get(row.outcome, "yellow")))
    if detail := _detail(row, where):
        parts.append(Text(detail))
    return Text(" ").join(parts)


def _detail(row: Row, where: ZoneInfo) -> str | None:
    if row.alone:
        return f"from {_near(row.alone.at, row.at, where)}"
    if row.brings and row.entity.startswith(f"{DIGEST}/"):
        return f"{row.detail}, with {len(row.brings)} that waited"
    return row.detail


def _channels(row: Row, where: ZoneInfo) -> list[Text]:
    """`inbox ✓ push ✓`, `push, email –preference` where one reason holds for both, `push → 07:00` for what waits."""
    shown = [name for name in CHANNELS if name in row.channels and not _goes_with_inbox(name, row)]
    if row.outcome not in _TOLD and {way.reason for way in row.channels.values()} == {row.reason}:
        # One word for all of it.
        return [] if "inbox" in row.channels or not shown else [Text(_names(shown), "yellow")]
    parts: list[Text] = []
    for way, group in groupby(shown, key=row.channels.__getitem__):
        names = list(group)
        if way.outcome == "sent":
            parts += [Text(f"{_names([name])} ✓", "green") for name in names]
        elif way.outcome == "deferred" and way.due_at:
            what_for = f"{DIGEST} " if way.reason == DIGEST else ""
            parts.append(Text(f"{_names(names)} → {what_for}{_near(way.due_at, row.at, where)}", "cyan"))
        else:
            parts.append(Text(f"{_names(names)} –{way.reason or way.outcome}", "yellow"))
    return parts


def _names(channels: Iterable[str]) -> str:
    return ", ".join(_NAMES.get(name, name) for name in channels)


def _goes_with_inbox(name: str, row: Row) -> bool:
    """The live hint of what the inbox gets anyway."""
    return name == "websocket" and row.channels.get("inbox") == row.channels[name]
