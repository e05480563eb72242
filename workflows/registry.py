"""The workflows there are: read by the worker, the API's gateway and the replay gate."""

from typing import Any

from workflows.appointment import Appointment

WORKFLOWS: list[type[Any]] = [Appointment]
