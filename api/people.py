"""A person as the directory's clients write and read them."""

import re
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, StringConstraints

from punctual.wire import Id, Line, Strict, Title, ZoneName
from store.directory import User

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def _one_address(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValueError("must be one email address, such as asha@example.com") from None


def _locale(text: str) -> str:
    if len(text) > 35 or not _LOCALE.fullmatch(text):
        raise ValueError("must be a language tag such as en or pt-BR")
    return text.replace("_", "-")


Ids = Annotated[list[Id], Field(max_length=100), AfterValidator(lambda ids: list(dict.fromkeys(ids)))]


class Person(Strict):
    """Everything about somebody besides their id; PUT replaces the whole."""

    name: Title
    email: Annotated[str, StringConstraints(max_length=320), AfterValidator(_one_address)] | None = None
    phone: Line | None = None
    timezone: ZoneName = "UTC"
    locale: Annotated[str, AfterValidator(_locale)] = "en"
    roles: Ids = []
    teams: Ids = []
    manager_id: Id | None = None
    active: bool = True
    metadata: dict[str, Any] = {}

    def user(self, id_: str) -> User:
        """The directory's row."""
        return User(**{**self.model_dump(), "id": id_})


class Replacement(Person):
    """A person under the id in the path, which the body may repeat."""

    id: Id | None = None


class NamedPerson(Person):
    """A person in a list."""

    id: Id


def circular(chart: dict[str, str], person: str) -> bool:
    """Whether the way up from `person` in `chart` (person → manager) leads back to `person`."""
    seen: set[str] = set()
    above = chart.get(person)
    while above is not None and above not in seen:
        if above == person:
            return True
        seen.add(above)
        above = chart.get(above)
    return False
