"""A server with a few tools: `python small_mcp_server.py [HOST:PORT]`."""

import os
import sys
import time

from mcp.server import MCPServer

from fieldsmith.bridges.mcp.serving import serve
from fieldsmith.bridges.mcp.tools import Tool
from fieldsmith.errors import InputError


def add(left: float, right: float) -> float:
    """The sum of two numbers."""
    print("a stray word")
    os.write(1, b"another one\n")
    return left + right


def refuse(key: str) -> str:
    """Takes no key at all."""
    raise InputError(f"There is no {key!r}.", "Give another.")


def crash() -> str:
    """Meets a fault."""
    raise RuntimeError("the owner's secret")


def sleep() -> str:
    """Blocks for ten minutes."""
    print("asleep", file=sys.stderr, flush=True)
    time.sleep(600)
    return ""


if __name__ == "__main__":
    tools = [Tool(one, one.__name__.title(), reads_only=True).made() for one in (add, refuse, crash, sleep)]
    small = MCPServer("small", tools=tools, log_level="CRITICAL")
    try:
        serve(small, *sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
