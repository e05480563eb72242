"""The inbox: exactly once, by the database's own unique key."""

from activities.channels.base import Channel


class Inbox(Channel):
    """Nothing to do of its own: `compose` writes the notification that all channels share, listed in the inbox."""

    name = "inbox"
