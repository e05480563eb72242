"""What an import tells the person who started it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table


@dataclass
class Counts:
    """How many entities (or single events) came in, were moved, cancelled, or found as they were.

    What came in completed counts as created; what was changed otherwise, completed or opened again counts as moved.
    `refused` counts components of a calendar, and lines of a `.jsonl` file.
    """

    created: int = 0
    moved: int = 0
    cancelled: int = 0
    unchanged: int = 0
    refused: int = 0

    def add(self, column: str) -> None:
        setattr(self, column, getattr(self, column) + 1)

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, order=True)
class Finding:
    """Something about one place in the file: its line, what begins there, and what is to be said of it."""

    line: int
    what: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}: {self.text}" if self.line else f"{self.what}: {self.text}"


class Report:
    """Collects the findings and prints nothing."""

    def __init__(self) -> None:
        self.refused: list[Finding] = []
        self.notes: list[Finding] = []

    def refuse(self, line: int, what: str, reason: str) -> None:
        """`reason` is why this component or line is not imported."""
        self.refused.append(Finding(line, what, reason))

    def note(self, line: int, what: str, text: str) -> None:
        """Worth knowing, and no error."""
        self.notes.append(Finding(line, what, text))

    @contextmanager
    def progress(self, total: int, task: str = "Importing") -> Iterator[Callable[[], None]]:
        """While `total` things are done; call what it gives after each."""
        yield lambda: None

    def finish(self, counts: Counts, *, dry_run: bool = False) -> None:
        """The end: everything is counted."""


class ConsoleReport(Report):
    """A progress bar while events are sent (on a terminal), then the table and the findings in order of lines."""

    def __init__(self, console: Console | None = None) -> None:
        super().__init__()
        self._console = console or Console()

    @contextmanager
    def progress(self, total: int, task: str = "Importing") -> Iterator[Callable[[], None]]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        shown = self._console.is_terminal and total > 0
        with Progress(*columns, console=self._console, transient=True, disable=not shown) as progress:
            bar = progress.add_task(task, total=total)
            yield lambda: progress.advance(bar)

    def finish(self, counts: Counts, *, dry_run: bool = False) -> None:
        table = Table(title="Dry run: nothing was sent" if dry_run else None, title_justify="left")
        for name in counts.as_dict():
            table.add_column(name, justify="right")
        table.add_row(*(f"{number:,}" for number in counts.as_dict().values()))
        self._console.print(table)
        self._list("refused", self.refused)
        self._list("note", self.notes)

    def _list(self, label: str, findings: list[Finding]) -> None:
        for finding in findings:
            # Words from the file are no markup, and one finding is one line however narrow the terminal is.
            self._console.print(f"{label}: {finding}", markup=False, highlight=False, soft_wrap=True)
