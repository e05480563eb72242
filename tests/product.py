"""The real product as a user runs it: `punctual up` in a process of its own, on free ports and an empty folder."""

import asyncio
import os
import random
import re
import signal
import socket
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from api.identity import mint
from tests.conftest import BIN

_READY_WITHIN = 60


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, below the range from which systems give ports to whoever asks for any."""
    found: list[int] = []
    for port in random.SystemRandom().sample(range(20_000, 32_000), 500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports between 20000 and 32000")


class Product:
    """One `punctual up`; `output` is what it has printed."""

    def __init__(self, data: Path, **environment: str) -> None:
        port, temporal, ui = free_ports(3)
        ours = {"PORT": str(port), "TEMPORAL_PORT": str(temporal), "TEMPORAL_UI_PORT": str(ui), "DATA": str(data)}
        self.environment = {**os.environ, **ours, **environment}
        self.url = f"http://127.0.0.1:{port}"
        self.data = data
        self.output = ""
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> "Product":
        """Starts it and waits for the greeting; fails with its output if it ends before."""
        self.output = ""
        self.process = await asyncio.create_subprocess_exec(
            str(BIN / "punctual"), "up", env=self.environment, start_new_session=True,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(_READY_WITHIN):
            while "Data   " not in self.output:
                line = await self.process.stdout.readline()
                self.output += line.decode()
                if not line:
                    raise AssertionError(f"`punctual up` ended:\n{self.output}")
        self._drain = asyncio.create_task(self._read_on())
        return self

    async def _read_on(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.output += line.decode()

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Tells it to stop, as Ctrl-C does; its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        code = await asyncio.wait_for(self.process.wait(), 40)
        await self._drain
        return code

    async def __aenter__(self) -> "Product":
        return await self.start()

    async def __aexit__(self, *_: Any) -> None:
        await self.stop()

    @property
    def login(self) -> str:
        """The link that logs the demo user in."""
        found = re.search(r"http://\S+/#token=\S+", self.output)
        assert found, self.output
        return found[0]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `punctual …` with this product's settings."""
        return subprocess.run(
            [str(BIN / "punctual"), *arguments], env=self.environment, capture_output=True, text=True, check=False
        )

    def client(self, role: str = "admin", user: str = "asha", tenant: str = "demo") -> httpx.AsyncClient:
        """An HTTP client with a fresh token, as `punctual token` prints it."""
        keys = self.environment.get("SECRET_KEYS")
        if keys is None:
            secrets = (self.data / "secrets.env").read_text("utf-8")
            found = re.search(r"^SECRET_KEYS=(\S+)$", secrets, re.MULTILINE)
            assert found, "`punctual up` keeps its secrets in its folder"
            keys = found[1]
        token = mint(keys.split(","), tenant, user, role, timedelta(hours=1))
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=15)
