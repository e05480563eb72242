"""Logging: few lines, each complete; for a person on a console, as JSON for a machine."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from settings import Settings

# What talks at length about its own business, and is only worth hearing when something is wrong.
_QUIET = ("uvicorn", "uvicorn.access", "aiosqlite", "asyncio", "alembic", "sqlalchemy", "temporalio", "httpx")

# There can be one default runtime in a process.
_core_forwards: list[Runtime] = []


def configure(settings: Settings) -> None:
    """Sends our own and the libraries' records through one chain to standard error."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.log_format == "json":
        # Exceptions without local variables: those hold secrets and other people's data.
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ending: list[Any] = [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]
    else:
        plain = structlog.dev.plain_traceback
        ending = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_drop_meta, *ending])
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    if not _core_forwards:
        _core_forwards.append(_forward_core())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _forward_core() -> Runtime:
    """Temporal's core writes to standard output by itself; from now on it goes the way of all others."""
    filter_ = TelemetryFilter(core_level="WARN", other_level="ERROR")
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"), overwrite_log_record_time=False)
    runtime = Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=filter_, forwarding=forwarding)))
    Runtime.set_default(runtime)
    return runtime


def _drop_meta(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event
