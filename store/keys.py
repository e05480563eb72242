"""The ids of rows that may be written more than once: the same for the same thing."""

import hashlib

from punctual.protocol import Ref


def row_id(ref: Ref, step_key: str, user_id: str, channel: str) -> str:
    """The id of a row of this step for this person: the same whenever it is asked for."""
    name = "\0".join((ref.workflow_id, step_key, user_id, channel))
    return hashlib.sha256(name.encode()).hexdigest()[:32]
