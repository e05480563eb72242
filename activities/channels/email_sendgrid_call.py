"""One HTTP request in a thread, which another thread can end at any instant; without proxies, redirects, repeats."""

import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from email.message import Message
from http.client import HTTPConnection, HTTPException
from ssl import SSLContext
from threading import Lock
from typing import Any
from urllib.request import Request

ANSWER_LIMIT = 8192
"""Bytes of an answer's body that are read, and only where it says what is wrong."""
# One address that leads nowhere leaves time for the next.
_CONNECT_SECONDS = 3.0


@dataclass(frozen=True)
class Answer:
    """What a server said, in the shape that python_http_client reads."""

    status: int
    headers: Message
    body: bytes = b""

    def getcode(self) -> int:
        return self.status

    def read(self) -> bytes:
        return self.body

    def info(self) -> Message:
        return self.headers


class Call:
    """One request, made by `open` and ended by `end`; `seconds` bound each wait in between.

    Looking up the host's name is the one wait that nobody can end; nothing is sent after it if the call has ended.
    """

    def __init__(self, tls: SSLContext, seconds: float) -> None:
        self._tls = tls
        self._seconds = seconds
        self._lock = Lock()
        self._has_ended = False
        self._socket: socket.socket | None = None
        self.has_begun = False
        """Something of the request may have reached the server."""
        self.answer: Answer | None = None

    def open(self, _: Any, request: Request, timeout: float | None = None) -> Answer:
        """Sends `request` and returns the answer, whatever its status; raises OSError or HTTPException.

        It stands in for python_http_client's `_make_request`, whose opener follows redirects and proxies.
        """
        secure = request.type == "https"
        connection = HTTPConnection(request.host)
        port = connection.port if ":" in request.host or not secure else 443
        try:
            connection.sock = self._dial(connection.host, port)
            if secure:
                connection.sock = self._secured(connection.sock, connection.host)
            with self._lock:
                self._check()
                self.has_begun = True
            headers = {"Host": request.host, "Connection": "close", **dict(request.header_items())}
            connection.request(request.get_method(), request.selector, request.data, headers)
            response = connection.getresponse()
            self.answer = Answer(response.status, response.headers)
            if response.status >= 400:
                with suppress(OSError, HTTPException):
                    self.answer = replace(self.answer, body=response.read(ANSWER_LIMIT))
            return self.answer
        finally:
            with self._lock:
                connection.close()
                self._let_go()

    def end(self) -> None:
        """Ends the request wherever it is; harmless when it is over."""
        with self._lock:
            self._has_ended = True
            if self._socket is not None:
                with suppress(OSError):
                    # Not the method of a TLS socket, which would go on in clear text.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _dial(self, host: str, port: int) -> socket.socket:
        failure = OSError(f"{host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            tcp = self._hold(socket.socket(family, kind, protocol))
            tcp.settimeout(_CONNECT_SECONDS)
            try:
                tcp.connect(address)
            except OSError as error:
                failure = error
                with self._lock:
                    self._let_go()
            else:
                tcp.settimeout(self._seconds)
                return tcp
        raise failure

    def _secured(self, tcp: socket.socket, host: str) -> socket.socket:
        secured = self._tls.wrap_socket(tcp, server_hostname=host, do_handshake_on_connect=False)
        self._hold(secured)
        secured.do_handshake()
        return secured

    def _hold(self, held: socket.socket) -> socket.socket:
        """From now on `end` ends what this socket waits for."""
        with self._lock:
            self._socket = held
            self._check()
        return held

    def _check(self) -> None:
        if self._has_ended:
            raise TimeoutError("ended before it began")

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
