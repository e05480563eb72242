"""The data folder: one user at a time, and the secrets that the first start makes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from running import keys
from running.errors import CannotStart
from settings import PORTS_FILE, SECRETS_FILE, Settings


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the folder for this process; raises CannotStart if it cannot be used or is in use."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = (folder / "up.lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"the data folder {folder} cannot be used ({error.strerror}); set DATA to another"
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"another `punctual up` uses {folder}; stop it, or set DATA to another folder"
            ) from None
        yield


@contextmanager
def ports_shown(settings: Settings) -> Iterator[None]:
    """While `up` runs, its ports stand in the folder, where the other commands find them."""
    path = settings.data / PORTS_FILE
    ports = {
        "PORT": settings.port,
        "TEMPORAL_PORT": settings.temporal_port,
        "TEMPORAL_UI_PORT": settings.temporal_ui_port,
    }
    path.write_text("".join(f"{name}={port}\n" for name, port in ports.items()))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def ensure_secrets(folder: Path) -> None:
    """Writes the secrets of this folder unless they are there; the file is ours alone to read."""
    path = folder / SECRETS_FILE
    if path.exists():
        return
    lines = [
        f"SECRET_KEYS={keys.secret()}",
        f"TEMPORAL_PAYLOAD_KEYS=k1:{keys.secret()}",
        *keys.vapid("mailto:punctual@example.com"),
    ]
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
