"""The workflows there are: read by the worker, the API's gateway and the replay gate."""

from typing import Any

from workflows.appointment import Appointment
from workflows.digest import Digest
from workflows.follow_up import FollowUp
from workflows.notification import Notification
from workflows.quiet_hours import QuietHours
from workflows.task import Task
from workflows.ticket import Ticket

WORKFLOWS: list[type[Any]] = [Appointment, FollowUp, Task, Ticket, Notification, QuietHours, Digest]
