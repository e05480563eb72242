"""What fast channels say of what is committed: hints, for whoever misses one finds it in the inbox."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from activities.channels.base import Channel, Message
from punctual.channels import CHANNELS

HINT_SECONDS = 1


async def announce(channels: Mapping[str, Channel], messages: Sequence[Message]) -> None:
    """Hands messages to the fast channels; whoever carries them may be slow or gone, and nobody waits for that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HINT_SECONDS):
            for name, channel in channels.items():
                if not CHANNELS[name].slow:
                    await channel.announce(messages)
