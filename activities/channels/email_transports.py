"""What takes mails to where they go: a folder, an SMTP server, SendGrid; each in a file of its own."""

from email.message import EmailMessage
from typing import Protocol

from activities.channels.base import Result

DEADLINE = 10.0
"""Seconds for one mail, from the connection to the server's word."""


class Transport(Protocol):
    repeatable: bool
    """Whether the same delivery may be handed over twice without arriving twice."""
    at_once: int
    """How many mails it takes at a time."""

    async def send(self, mail: EmailMessage, sender: str, recipient: str) -> Result:
        """Hands the mail over once; a fault is a Result."""

    async def close(self) -> None:
        """Lets go of connections."""
