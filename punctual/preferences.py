"""Which channels a notification takes to one person, and why not the others."""

from punctual.channels import CHANNELS

IMPORTANT = frozenset({"high", "urgent"})


def wanted(channel: str, priority: str) -> bool:
    """Whether `channel` carries a notification of this priority to somebody who has chosen nothing."""
    return CHANNELS[channel].default == "always" or priority in IMPORTANT
