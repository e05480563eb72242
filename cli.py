"""The `punctual` command. Each command imports what it needs, so that `punctual token` answers at once."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any, NoReturn

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Durable notifications for CRM systems.")
keys_app = typer.Typer(no_args_is_help=True, help="Fresh keys.")
app.add_typer(keys_app, name="keys")

_AGE = re.compile(r"^(\d+)([smhd])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def main() -> None:
    """The entry point."""
    app()


def _run(work: Callable[[], Coroutine[Any, Any, int | None]]) -> NoReturn:
    """Runs to the end and leaves at once; an expected refusal is one line on standard error."""
    from importing import ImportFileError
    from settings import SettingsError
    from up.errors import CannotStart

    try:
        code = asyncio.run(work()) or 0
    except (SettingsError, CannotStart, ImportFileError) as error:
        print(f"punctual: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.stdout.flush()
    sys.stderr.flush()
    # temporalio's runtime threads can crash an interpreter that is shutting down; there is nothing left to do.
    os._exit(code)


def _age(text: str) -> timedelta:
    match = _AGE.match(text)
    if not match or not int(match[1]):
        raise typer.BadParameter("must be a number and a unit, such as 90s, 15m, 12h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


@app.command()
def up() -> None:
    """Everything on this machine: API, worker, and Temporal with its Web UI."""
    from up.run import run

    _run(run)


@app.command()
def api() -> None:
    """The API alone, as production runs it."""
    from production import serve_api

    _run(serve_api)


@app.command()
def worker() -> None:
    """A worker alone, as production runs it."""
    from production import serve_worker

    _run(serve_worker)


@app.command()
def migrate() -> None:
    """Brings the database and the Temporal namespace to what this version needs."""
    from production import migrate_all

    _run(migrate_all)


@app.command()
def token(
    tenant: Annotated[str, typer.Option()],
    user: Annotated[str, typer.Option()],
    role: Annotated[str, typer.Option(help="user, admin or service")] = "user",
    ttl: Annotated[str, typer.Option(help="90s, 15m, 12h, 1d")] = "1d",
) -> None:
    """Prints a signed token, nothing else."""
    lifetime = _age(ttl)

    async def work() -> None:
        import settings as configuration
        from api.identity import mint

        settings = configuration.load()
        if not settings.secrets:
            raise configuration.SettingsError("SECRET_KEYS: is required (`punctual keys secret` prints a key)")
        try:
            print(mint(settings.secrets, tenant, user, role, lifetime))
        except ValueError as error:
            raise configuration.SettingsError(str(error)) from None

    _run(work)


@keys_app.command("vapid")
def keys_vapid(
    owner: Annotated[str, typer.Option(help="mailto: or https: of who runs this")] = "mailto:admin@example.com",
) -> None:
    """A fresh VAPID key pair, as three lines for `.env`."""
    import keys

    print("\n".join(keys.vapid(owner)))


@keys_app.command("secret")
def keys_secret() -> None:
    """A fresh key for SECRET_KEYS or TEMPORAL_PAYLOAD_KEYS."""
    import keys

    print(keys.secret())
