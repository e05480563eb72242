"""Temporal's dev server as a child process: started, waited for, restarted when it dies, stopped."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from running.errors import CannotStart
from settings import Settings

log = structlog.get_logger(__name__)

_READY_WITHIN = 60.0
_STOP_WITHIN = 15.0
# More deaths than this within a minute are not bad luck.
_DEATHS_PER_MINUTE = 3
_PR_SET_PDEATHSIG = 1


class TemporalServer:
    """One dev server over `DATA/temporal.db`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._log = settings.data / "temporal.log"
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    async def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C is for us; we stop the child when its last work is done.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                env={**os.environ, "TEMPORAL_VERSION_CHECK_DISABLED": "1"},
            )

    def _command(self) -> list[str]:
        s = self._settings
        flags = {
            "--ip": "127.0.0.1",
            "--port": str(s.temporal_port),
            "--ui-port": str(s.temporal_ui_port),
            "--namespace": s.temporal_namespace,
            "--db-filename": str(s.data / "temporal.db"),
            "--log-level": "warn",
            "--ui-codec-endpoint": f"http://127.0.0.1:{s.port}/codec",
        }
        # WAL is two to two and a half times faster than the default journal and survives a crash of the process.
        pragmas = ("journal_mode=wal", "synchronous=normal")
        dynamic = ("matching.enableFairness=true", "history.maxInFlightUpdates=100")
        return [
            str(Path(sys.executable).parent / "temporal"), "server", "start-dev", "--ui-disable-news-fetch",
            *(part for flag in flags.items() for part in flag),
            *(part for pragma in pragmas for part in ("--sqlite-pragma", pragma)),
            *(part for value in dynamic for part in ("--dynamic-config-value", value)),
        ]  # fmt: skip

    async def ready(self, client: Client) -> None:
        """Waits until it serves; raises CannotStart with its last word if it does not."""
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline:
            if self._process is None or self._process.returncode is not None:
                raise CannotStart(f"Temporal did not start: {self._last_word()}")
            try:
                if await client.service_client.check_health():
                    return
            except (RPCError, RuntimeError):
                pass
            await asyncio.sleep(0.1)
        raise CannotStart(f"Temporal was not ready after {_READY_WITHIN:.0f} s: {self._last_word()}")

    async def supervise(self) -> None:
        """Restarts it whenever it dies; raises CannotStart when it keeps dying."""
        deaths: list[float] = []
        while not self._stopping:
            assert self._process is not None
            code = await self._process.wait()
            if self._stopping:
                return
            deaths = [at for at in deaths if time.monotonic() - at < 60] + [time.monotonic()]
            if len(deaths) > _DEATHS_PER_MINUTE:
                raise CannotStart(f"Temporal keeps dying: {self._last_word()}")
            log.warning("temporal_died", exit_code=code, restarting=True)
            await asyncio.sleep(0.5 * len(deaths))
            await self.start()

    async def stop(self) -> None:
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _last_word(self) -> str:
        lines = [line for line in self._log.read_text("utf-8", "replace").splitlines() if line.strip()]
        return f"{lines[-1].strip()[:300]} (all of it in {self._log})" if lines else f"see {self._log}"


def _die_with_parent() -> None:
    """Linux: a child outlives a parent that was killed, and would keep its ports; so it is told to stop then."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
