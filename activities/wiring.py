"""The channels and activities of a worker, built from its resources."""

from collections.abc import Callable
from typing import Any

from activities import rendering
from activities.channels.base import Channel
from activities.channels.registry import channels
from activities.compose import Compose
from activities.deliver import Deliver
from activities.digest import Digest
from activities.gather import Gather
from activities.plan import Plan
from resources import Resources

__all__ = ["activities", "channels"]


def activities(
    resources: Resources, by_name: dict[str, Channel]
) -> tuple[list[Callable[..., Any]], Callable[..., Any]]:
    """The fast activities, and the one that sends by slow channels; raises CatalogueError for words that fail."""
    rendering.check(resources.notices.values())
    compose = Compose(resources.database, by_name, resources.notices, resources.settings.action_url_hosts)
    deliver = Deliver(resources.database, by_name, resources.notices, resources.suppressions)
    plan = Plan(resources.database, resources.notices, resources.bus)
    gather = Gather(resources.database, resources.notices, resources.settings.action_url_hosts)
    digest = Digest(resources.database, by_name, resources.notices, resources.settings.action_url_hosts)
    return [plan.plan, compose.compose, gather.gather, digest.digest], deliver.deliver
