"""The `punctual` command. Each command imports what it needs, so that `punctual token` answers at once."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Durable notifications for CRM systems.")
keys_app = typer.Typer(no_args_is_help=True, help="Fresh keys.")
app.add_typer(keys_app, name="keys")

_ID = re.compile(r"^[A-Za-z0-9._~-]{1,128}$")
_AGE = re.compile(r"^(\d+)([smhd])$")
_LONGEST = timedelta(days=3650)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def main() -> None:
    """The entry point."""
    app()


def _run(work: Callable[[], Coroutine[Any, Any, int | None]]) -> NoReturn:
    """Runs to the end and leaves at once; an expected refusal is one line on standard error."""
    from importing import ImportFileError
    from running.errors import CannotStart
    from settings import SettingsError
    from simulating import SimulationError

    try:
        code = asyncio.run(work()) or 0
    except (SettingsError, CannotStart, ImportFileError, SimulationError) as error:
        print(f"punctual: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.stdout.flush()
    sys.stderr.flush()
    # temporalio's runtime threads can crash an interpreter that is shutting down; there is nothing left to do.
    os._exit(code)


class Role(StrEnum):
    """What a token may be for."""

    user = "user"
    admin = "admin"
    service = "service"


def _check_ids(**values: str | None) -> None:
    for name, value in values.items():
        if value is not None and not _ID.fullmatch(value):
            raise typer.BadParameter(f"--{name} must be 1 to 128 of the characters A-Z a-z 0-9 . _ ~ -")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"punctual {version('punctual')}")
        raise typer.Exit


@app.callback()
def _options(
    shown: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Prints it.")] = False,
) -> None:
    """Durable notifications for CRM systems."""


def _age(text: str) -> timedelta:
    match = _AGE.match(text)
    if not match or not int(match[1]):
        raise typer.BadParameter("must be a number and a unit, such as 90s, 15m, 12h or 1d")
    with suppress(OverflowError):
        length = timedelta(**{_UNITS[match[2]]: int(match[1])})
        if length <= _LONGEST:
            return length
    raise typer.BadParameter("must not be longer than ten years")


@app.command()
def up() -> None:
    """Everything on this machine: API, worker, and Temporal with its Web UI."""
    from running.up import run

    _run(run)


@app.command()
def api() -> None:
    """The API alone, as production runs it."""
    from running.production import serve_api

    _run(serve_api)


@app.command()
def worker() -> None:
    """A worker alone, as production runs it."""
    from running.production import serve_worker

    _run(serve_worker)


@app.command()
def migrate() -> None:
    """Brings the database and the Temporal namespace to what this version needs."""
    from running.production import migrate_all

    _run(migrate_all)


@app.command()
def token(
    tenant: Annotated[str, typer.Option()],
    user: Annotated[str, typer.Option()],
    role: Annotated[Role, typer.Option()] = Role.user,
    ttl: Annotated[str, typer.Option(help="90s, 15m, 12h, 1d")] = "1d",
) -> None:
    """Prints a signed token, nothing else."""
    lifetime = _age(ttl)
    _check_ids(tenant=tenant, user=user)

    async def work() -> None:
        import settings as configuration
        from api.identity import mint

        settings = configuration.load()
        if not settings.secrets:
            raise configuration.SettingsError(configuration.NO_SECRETS)
        print(mint(settings.secrets, tenant, user, role, lifetime))

    _run(work)


@app.command()
def replay(
    folder: Annotated[
        Path | None, typer.Argument(help="recorded histories (*.json); default: those of the tests")
    ] = None,
) -> None:
    """Replays recorded histories against today's workflow code; exits 1 if one diverges."""

    async def work() -> int:
        import settings as configuration
        from running import logs
        from running.errors import CannotStart
        from running.replay import HISTORIES, NothingToReplay, UnreadableHistory
        from running.replay import replay as replay_all

        try:
            settings = configuration.load()
            logs.configure(settings)
            count, found = await replay_all(folder or HISTORIES, settings.payload_keys)
        except (NothingToReplay, UnreadableHistory) as error:
            raise CannotStart(str(error)) from None
        for divergence in found:
            print(f"{divergence.history}: {divergence.reason}")
        print(f"{count} histories replayed, {len(found)} diverge.")
        return 1 if found else 0

    _run(work)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="an .ics calendar, or .jsonl with one event a line")],
    tenant: Annotated[str, typer.Option()],
    assignee: Annotated[str | None, typer.Option(help="the user for all that names none itself")] = None,
    horizon: Annotated[str, typer.Option(help="how far series are written out, such as 90d")] = "90d",
    shift_to: Annotated[str | None, typer.Option(help="move everything so that it begins on this day")] = None,
    timezone: Annotated[str | None, typer.Option(help="of floating times and whole days")] = None,
    sync: Annotated[bool, typer.Option(help="cancel what a file of this name had before and has no more")] = False,
    dry_run: Annotated[bool, typer.Option(help="say what would be done, and do nothing")] = False,
) -> None:
    """Imports appointments and follow-ups from a calendar (VEVENT, VTODO with DUE), or events from a list."""
    _check_ids(tenant=tenant, assignee=assignee)
    day = _day(shift_to)
    ahead = _age(horizon)

    async def work() -> None:
        import resources
        import settings as configuration
        from importing.report import ConsoleReport
        from importing.run import Options, import_file
        from running import logs

        settings = configuration.load()
        logs.configure(settings)
        async with resources.opened(settings) as opened:
            options = Options(file, tenant, assignee, ahead, day, sync, dry_run, timezone)
            await import_file(options, opened, ConsoleReport())

    _run(work)


@app.command()
def simulate(
    file: Annotated[Path, typer.Argument(help="a scenario: .yaml, or .json")],
    as_json: Annotated[bool, typer.Option("--json", help="one row a line, as JSON")] = False,
) -> None:
    """Dry run of a scenario: who would be told what, when, by which channel, and why not. Sends nothing."""

    async def work() -> None:
        from rich.console import Console

        from simulating import command

        command.set_up_process()
        await command.simulate(file, Console(), as_json=as_json)

    _run(work)


def _day(text: str | None) -> date | None:
    if text is None or text == "today":
        return datetime.now(UTC).date() if text else None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("--shift-to must be a day such as 2026-11-20, or today") from None


@keys_app.command("vapid")
def keys_vapid(
    owner: Annotated[str, typer.Option(help="mailto: or https: of who runs this")] = "",
    rotate: Annotated[bool, typer.Option(help="Puts the keys that are set now behind the fresh one.")] = False,
) -> None:
    """A fresh VAPID key pair, as three lines for `.env`."""
    from running import keys

    async def work() -> None:
        print("\n".join(keys.rotated(owner) if rotate else keys.vapid(owner)))

    _run(work)


@keys_app.command("secret")
def keys_secret() -> None:
    """A fresh key for SECRET_KEYS or TEMPORAL_PAYLOAD_KEYS."""
    from running import keys

    print(keys.secret())
