"""What a Temporal namespace needs before Punctual can work in it: our search attributes, of the right types."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client

from workflows.operators import SEARCH_ATTRIBUTES


class WrongSearchAttribute(Exception):
    """A search attribute of our name exists with another type; the message says which."""


async def prepare(client: Client) -> None:
    """Adds the search attributes that are missing; safe to run again, and from several processes at once."""
    wanted = {key.name: key.indexed_value_type for key in SEARCH_ATTRIBUTES}
    known = await _known(client)
    missing = {name: IndexedValueType.ValueType(type_) for name, type_ in wanted.items() if name not in known}
    if missing:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        await client.operator_service.add_search_attributes(request)
        known = await _known(client)
    # The server answers OK for an existing name with another type, so the types are compared here.
    for name, type_ in wanted.items():
        if known.get(name) != type_:
            raise WrongSearchAttribute(f"the search attribute {name} exists with another type; remove it first")


async def _known(client: Client) -> dict[str, int]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    answer = await client.operator_service.list_search_attributes(request)
    return dict(answer.custom_attributes)
