"""What the core raises.

PunctualError
├── ActRefused        what somebody wants of an entity makes no sense or is not theirs to want; `code` says which
├── InvalidEvent      an event that cannot be accepted; `problems` names each field
├── InvalidPolicy     a policy that contradicts itself; `problems` names each field
└── UnsafeUrl         an address that a person chose and that must not be followed
"""

import traceback
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldProblem:
    """One refused field: `path` as keys and indexes from the document's root, `detail` in words for a person."""

    path: tuple[str | int, ...]
    detail: str

    @property
    def pointer(self) -> str:
        """The field as a JSON pointer (RFC 6901)."""
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in self.path)

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.detail}"


class PunctualError(Exception):
    """The root of everything the core raises."""


class _Refused(PunctualError):
    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class InvalidEvent(_Refused):
    """The event cannot be accepted."""


class InvalidPolicy(_Refused):
    """The policy cannot be followed."""


class UnsafeUrl(PunctualError):
    """The URL is not one we would open or call."""


class ActRefused(PunctualError):
    """An act that came to nothing: its `code`, one of CODES, and why in words."""

    CODES = frozenset({"closed", "not_yours", "nothing_to_acknowledge", "nothing_to_remind_of", "invalid"})

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def frames(error: BaseException) -> list[str]:
    """Where an error came from, for logs: without its message, which may hold what a user wrote, or a secret."""
    innermost = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in innermost]
