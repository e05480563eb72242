"""The rows of a simulation for a person: one line each, at 100 columns or as wide as the terminal."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from punctual.channels import CHANNELS
from simulating.rows import Row

WIDTH = 100
_NAMES = {"web_push": "push"}
_STYLES = {"refused": "red", "failed": "red", "done": "green", "planned": "dim"}
_SHORT, _LONG = "%a %d %b %H:%M", "%a %d %b %Y %H:%M"


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
        table.add_row(local.strftime(_SHORT), row.entity, _type(row), _who(row), _outcome(row, more, where))
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


def _type(row: Row) -> str:
    """Without the kind, which stands beside it."""
    kind = row.entity.partition("/")[0]
    name = row.type.removeprefix(f"{kind}.")
    return f"{name} ({row.level}{', again' if row.again else ''})" if row.level else name


def _who(row: Row) -> str:
    if row.user_id is None:
        return "–"
    return f"by {row.user_id}" if row.outcome in ("done", "refused") else row.user_id


def _outcome(row: Row, more: int, where: ZoneInfo) -> Text:
    if row.outcome == "changed":
        return Text(row.detail or "")
    parts = _channels(row)
    if row.outcome != "sent" or not parts:
        fate = f"{row.outcome}/{row.reason}" if row.reason else row.outcome
        if row.due_at:
            fate += f", due {_beside(row.due_at, row.at, where)}"
        if more:
            fate += f", and {more} more"
        parts.append(Text(f"{fate}:" if row.detail else fate, _STYLES.get(row.outcome, "yellow")))
    if row.detail:
        parts.append(Text(row.detail))
    return Text(" ").join(parts)


def _channels(row: Row) -> list[Text]:
    """`inbox ✓ push ✓`, or `push, email –preference` where one reason holds for both."""
    if row.outcome != "sent" and {reason for _, reason in row.channels.values()} == {row.reason}:
        return []  # one word for all of it
    shown = [name for name in CHANNELS if name in row.channels and not _goes_with_inbox(name, row)]
    parts: list[Text] = []
    for (outcome, reason), group in groupby(shown, key=row.channels.__getitem__):
        names = [_NAMES.get(name, name) for name in group]
        if outcome == "sent":
            parts += [Text(f"{name} ✓", "green") for name in names]
        else:
            parts.append(Text(f"{', '.join(names)} –{reason or outcome}", "yellow"))
    return parts


def _goes_with_inbox(name: str, row: Row) -> bool:
    """The live hint of what the inbox gets anyway."""
    return name == "websocket" and row.channels.get("inbox") == row.channels[name]
