"""Payload encryption: what Temporal keeps of us is unreadable without our keys.

AES-256-GCM, one fresh nonce a payload, the key's id in the metadata and bound to the text. Payloads that come
unencrypted are taken as they are, so that any language can start workflows without the keys.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

_ENCODING = b"binary/encrypted"
_UNDECODABLE = Payload(metadata={"encoding": b"json/plain"}, data=b'{"undecodable": true}')


class UnknownPayloadKey(Exception):
    """A payload names a key that TEMPORAL_PAYLOAD_KEYS does not hold (any more)."""


class EncryptionCodec(PayloadCodec):
    """Encrypts with the first of `keys` (id → 32 bytes), decrypts with all."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {id_.encode(): AESGCM(key) for id_, key in keys.items()}
        self._first = next(iter(self._ciphers))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(12)
        data = nonce + self._ciphers[self._first].encrypt(nonce, payload.SerializeToString(), self._first)
        return Payload(metadata={"encoding": _ENCODING, "encryption-key-id": self._first}, data=data)

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != _ENCODING:
            return payload
        id_ = payload.metadata.get("encryption-key-id", b"")
        cipher = self._ciphers.get(id_)
        if cipher is None:
            # The key may come back with the next configuration; until then nothing is decided on a guess.
            raise UnknownPayloadKey(f"no key {id_.decode(errors='replace')!r} in TEMPORAL_PAYLOAD_KEYS")
        try:
            return Payload.FromString(cipher.decrypt(payload.data[:12], payload.data[12:], id_))
        except (InvalidTag, ValueError):
            # Not made with our key, whoever says so. An event like this is refused; it must not wedge its entity.
            return _UNDECODABLE


def data_converter(keys: Mapping[str, bytes]) -> DataConverter:
    """pydantic JSON, encrypted when there are keys; failure messages are encoded with it."""
    if not keys:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=EncryptionCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
