"""The channels by name: for each name in `punctual.channels`, the module of that name here has its class."""

from importlib import import_module

from activities.channels.base import Channel
from punctual.channels import CHANNELS
from resources import Resources


def channels(resources: Resources) -> dict[str, Channel]:
    """Every channel, ready to use."""
    return {name: _class(name).build(resources) for name in CHANNELS}


def _class(name: str) -> type[Channel]:
    module = import_module(f"activities.channels.{name}")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Channel) and getattr(value, "name", None) == name
    ]
    if len(found) != 1:
        raise LookupError(f"{module.__name__} must define one Channel whose name is {name!r}")
    return found[0]
