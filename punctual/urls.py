"""Addresses that people choose: which action URLs may be opened, which push endpoints may be called.

Parsed by the rules browsers use (WHATWG): a backslash is a slash to them, tabs and newlines vanish, so what
`urlsplit` calls a path may be another host. Anything that the two readings could disagree on is refused.
"""

import re
from collections.abc import Collection
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from punctual.errors import UnsafeUrl

_LONGEST = 2000
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_HOST = re.compile(r"^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")


def action_url(url: str, allowed_hosts: Collection[str] | None = None) -> str:
    """`url` if it is a relative path, or absolute https on one of `allowed_hosts`; else UnsafeUrl.

    With `allowed_hosts=None` only the shape is checked: who renders the link checks the host.
    """
    if not url or len(url) > _LONGEST or _FORBIDDEN.search(url) or not url.isprintable():
        raise UnsafeUrl("must be a relative path or an https URL, without spaces or backslashes")
    if url.startswith("/"):
        if url.startswith("//"):
            raise UnsafeUrl("must not start with two slashes, which browsers read as another host")
        return url
    host = _https_host(url)
    if allowed_hosts is not None and host not in allowed_hosts:
        raise UnsafeUrl(f"names the host {host}, which ACTION_URL_HOSTS does not allow")
    return url


def _https_host(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnsafeUrl("is not a URL") from None
    host = parts.hostname or ""
    if parts.scheme != "https" or not url.lower().startswith("https://") or not _HOST.match(host):
        raise UnsafeUrl("must be a relative path or an absolute https URL")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise UnsafeUrl("must not hold a user name")
    return host if port in (None, 443) else f"{host}:{port}"


def _action_url_shape(url: str) -> str:
    try:
        return action_url(url)
    except UnsafeUrl as error:
        raise ValueError(str(error)) from None


ActionUrl = Annotated[str, AfterValidator(_action_url_shape)]
