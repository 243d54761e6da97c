"""Serves a server of the SDK to its clients: over standard input and output, or by HTTP with a token.

Ctrl-C, SIGTERM, a closed terminal and a closed standard input end it at once, whatever a tool is doing.
"""

import functools
import ipaddress
import os
import secrets
import signal
import socket
import stat
import sys
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from fieldsmith.errors import InputError

TOKEN = "FIELDSMITH_MCP_TOKEN"
PATH = "/mcp"
SHORTEST_TOKEN = 16
STDIN = 0


def serve(server: MCPServer, http: str | None = None, token: str | None = None) -> None:
    """Serve until the client goes or a signal comes: on standard input and output, or at `http`, HOST:PORT.

    Requests by HTTP need the token, where there is one: the given one, or that of the environment, or for any address but
    this machine's own a new one, told once on standard error. While serving on standard output, whatever else writes
    there writes to standard error. Raises InputError for an address or token that is none, and KeyboardInterrupt after a signal.
    """
    if http is None:
        if os.isatty(STDIN):
            print(
                "Serving on standard input and output, for a program that starts this. Ctrl-D ends it.", file=sys.stderr
            )
        anyio.run(_until_signalled, functools.partial(_on_stdio, server))
    else:
        address = Address.parse(http)
        token = token or _token(address)
        anyio.run(_until_signalled, functools.partial(_by_http, server, address, token))


async def _until_signalled(work: Callable[[], Awaitable[None]]) -> None:
    """Raises KeyboardInterrupt where a signal ended the work."""
    caught = False

    async def listen() -> None:
        nonlocal caught
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            async for _ in signals:
                caught = True
                group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(listen)
        await work()
        group.cancel_scope.cancel()
    if caught:
        raise KeyboardInterrupt


async def _on_stdio(server: MCPServer) -> None:
    """The SDK waits for lines in a thread that cannot be broken off, so it reads a pipe that is closed when this ends."""
    wire, (inside, outside) = os.dup(STDIN), os.pipe()
    os.dup2(inside, STDIN)
    os.close(inside)
    os.set_blocking(outside, False)
    async with anyio.create_task_group() as group:
        group.start_soon(_pump, wire, outside)
        await server.run_stdio_async()
        group.cancel_scope.cancel()


async def _pump(source: int, sink: int) -> None:
    """Hand on what comes until it ends, or this is broken off."""
    mode = os.fstat(source).st_mode
    waits = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(source)  # a file and a null device never need to
    try:
        while True:
            if waits:
                await anyio.wait_readable(source)
            piece = os.read(source, 1 << 16)
            if not piece:
                return
            while piece:
                await anyio.wait_writable(sink)
                piece = piece[os.write(sink, piece) :]
    finally:
        os.close(sink)


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """HOST:PORT, with brackets around an address of version 6. Raises InputError for anything else."""
        host, _, port = text.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise InputError(f"--http {text} is not HOST:PORT.", "For example --http 127.0.0.1:8765.")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def listen(self) -> socket.socket:
        """Raises InputError where that cannot be had."""
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
            return socket.create_server((self.host, self.port), family=family)
        except OSError as error:
            hint = "Give another port; 0 takes one that is free."
            raise InputError(f"--http {self.host}:{self.port} cannot be listened at: {error.strerror}.", hint) from None

    def url(self, port: int) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{port}{PATH}"


def _token(address: Address) -> str | None:
    """What requests must carry. Raises InputError for one of the environment that could be guessed."""
    if given := os.environ.get(TOKEN):
        if len(given) < SHORTEST_TOKEN or not given.isascii():
            raise InputError(
                f"{TOKEN} can be guessed.", f"Give {SHORTEST_TOKEN} ASCII characters or more, or none at all."
            )
        return given
    if address.is_loopback:
        return None
    made = secrets.token_urlsafe(32)
    print(f"Token for this time: {made} (set {TOKEN} to choose one)", file=sys.stderr, flush=True)
    return made


async def _by_http(server: MCPServer, address: Address, token: str | None) -> None:
    with address.listen() as listening:
        app: Any = server.streamable_http_app(
            streamable_http_path=PATH, stateless_http=True, transport_security=_own_names(address)
        )
        config = uvicorn.Config(
            Bearer(app, token) if token else app, log_level="critical", access_log=False, timeout_graceful_shutdown=0
        )
        needs = "Authorization: Bearer TOKEN" if token else "no token"
        print(f"Serving at {address.url(listening.getsockname()[1])}, {needs}", file=sys.stderr, flush=True)
        await _until_broken_off(_Unsignalled(config), listening)


async def _until_broken_off(web: uvicorn.Server, listening: socket.socket) -> None:
    """A server that is cancelled would leave its requests with a traceback each, so it is told to end instead."""

    async def end() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            web.should_exit = True

    async with anyio.create_task_group() as group:
        group.start_soon(end)
        with anyio.CancelScope(shield=True):
            await web.serve([listening])


def _own_names(address: Address) -> TransportSecuritySettings:
    """On this machine's own address a page of the web must not pass for a local one by renaming; elsewhere the token holds it off."""
    names = [f"{host}:*" for host in ("127.0.0.1", "localhost", "[::1]", address.host)]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=address.is_loopback,
        allowed_hosts=names,
        allowed_origins=[f"http://{name}" for name in names],
    )


class _Unsignalled(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self):
        yield


class Bearer:
    """Lets through what carries the token; compares in constant time."""

    def __init__(self, app: Any, token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan" and not self._is_right(scope):
            start = {
                "type": "http.response.start",
                "status": 401,
                "headers": [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain")],
            }
            await send(start)
            await send(
                {
                    "type": "http.response.body",
                    "body": b"Authorization: Bearer TOKEN is needed, with the server's token.",
                }
            )
            return
        await self._app(scope, receive, send)

    def _is_right(self, scope: Any) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        return secrets.compare_digest(given, self._expected)
