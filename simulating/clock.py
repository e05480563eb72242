"""Scenario time on a server whose clock begins at the present and can only go forward.

The server's instants are moved by one constant on their way into our code: those of workflow tasks by a workflow
runner, those of activities by an interceptor. Durations, which is all that goes back to the server, are the same on
both clocks. So weekdays, holidays and changes of clocks are those of the scenario, whenever it plays.
"""

import dataclasses
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import activity, workflow
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

Info = TypeVar("Info", workflow.Info, activity.Info)


@dataclasses.dataclass
class Clock:
    """`ahead` is scenario time minus server time; `fault` is the first bug that came up, which ends a simulation."""

    ahead: timedelta
    fault: str | None = None

    def failed(self, fault: str) -> None:
        self.fault = self.fault or fault


class ShiftedRunner(WorkflowRunner):
    """Runs workflows by another runner, on scenario time."""

    def __init__(self, runner: WorkflowRunner, clock: Clock) -> None:
        self._runner = runner
        self._clock = clock

    def prepare_workflow(self, defn: Any) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        info = _moved(det.info, self._clock.ahead, "start_time", "workflow_start_time")
        return _Shifted(self._runner.create_instance(dataclasses.replace(det, info=info)), self._clock)


class _Shifted(WorkflowInstance):
    def __init__(self, instance: WorkflowInstance, clock: Clock) -> None:
        self._instance = instance
        self._clock = clock

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        act.timestamp.FromDatetime(act.timestamp.ToDatetime() + self._clock.ahead)
        completion = self._instance.activate(act)
        if completion.HasField("failed"):
            self._clock.failed(completion.failed.failure.message)
        return completion

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()


class ShiftedActivities(Interceptor):
    """Activities see scenario time. One that fails has a bug, since nothing outside is asked, and is not retried."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Inbound(next, self._clock)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, clock: Clock) -> None:
        super().__init__(next)
        self._clock = clock

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        super().init(_Outbound(outbound, self._clock))

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except Exception as error:
            self._clock.failed(f"{type(error).__name__}: {error}")
            raise ApplicationError(str(error), non_retryable=True) from error


class _Outbound(ActivityOutboundInterceptor):
    def __init__(self, next: ActivityOutboundInterceptor, clock: Clock) -> None:
        super().__init__(next)
        self._clock = clock

    def info(self) -> activity.Info:
        names = ("scheduled_time", "current_attempt_scheduled_time", "started_time")
        return _moved(super().info(), self._clock.ahead, *names)


def _moved(info: Info, ahead: timedelta, *names: str) -> Info:
    moments: dict[str, Any] = {name: getattr(info, name) + ahead for name in names}
    return dataclasses.replace(info, **moments)
