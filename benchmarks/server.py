"""A Temporal dev server as `punctual up` runs it: a SQLite file with WAL, our search attributes."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from temporalio.client import Client

from punctual.codec import data_converter
from running import namespace

_KEYS = {"bench": b"0123456789abcdef0123456789abcdef"}


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[tuple[Client, psutil.Process]]:
    """A client that encrypts as ours does, and the server's process."""
    port, ui = _free_port(), _free_port()
    command = [
        str(Path(sys.executable).parent / "temporal"), "server", "start-dev", "--headless", "--port", str(port),
        "--ui-port", str(ui), "--db-filename", str(folder / "temporal.db"), "--log-level", "never",
        "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal",
        "--dynamic-config-value", "matching.enableFairness=true",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = await _connected(f"127.0.0.1:{port}")
        await namespace.prepare(client)
        yield client, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _connected(address: str) -> Client:
    for _ in range(300):
        try:
            return await Client.connect(address, data_converter=data_converter(_KEYS))
        except RuntimeError:
            await asyncio.sleep(0.1)
    raise TimeoutError(f"no Temporal at {address} after 30 s")
