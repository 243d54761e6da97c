"""A stranger's MCP server that keeps its state in memory: `python laboratory_server.py [PORT]`, by HTTP with the token of LABORATORY_TOKEN."""

import os
import sys
import time
from typing import Literal

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Image
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

server = MCPServer("The Laboratory", version="7", log_level="CRITICAL")
reads = ToolAnnotations(read_only_hint=True)
PIXEL = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")
poured: list[float] = []


class Flask(BaseModel):
    volume: float = Field(description="millilitres", gt=0, le=100)
    then: "Flask | None" = None


@server.tool()
def pour(flask: Flask) -> str:
    """Pour flasks into the tank, one after the other."""
    one: Flask | None = flask
    while one is not None:
        poured.append(one.volume)
        one = one.then
    return f"The tank holds {sum(poured):g} ml."


@server.tool(name="readLevel", annotations=reads)
def read_level(unit: Literal["ml", "l"] = "ml") -> str:
    """Read how much the tank holds."""
    return f"{sum(poured) / (1 if unit == 'ml' else 1000):g}"


@server.tool(annotations=reads)
def serial(from_: str | None = None) -> dict[str, object]:
    """Tell the serial number of the laboratory."""
    return {"maker": "Nobody & Sons", "serial": 4711, "asked from": from_}


@server.tool(annotations=reads)
def photograph() -> Image:
    """Take a photograph of the tank."""
    return Image(data=PIXEL, format="png")


@server.tool()
def break_down(how: Literal["refuse", "end", "hang", "secret", "clock"]) -> str:
    """Fail in one way or another."""
    if how == "refuse":
        raise ToolError("The tank leaks.")
    if how == "end":
        print("the pump is on fire", file=sys.stderr, flush=True)
        os._exit(3)
    if how == "hang":
        time.sleep(600)
    return os.environ.get("LABORATORY_KEY", "no key") if how == "secret" else str(time.time_ns())


class Guarded:
    def __init__(self, app, token: str) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and (b"authorization", f"Bearer {self.token}".encode()) not in scope["headers"]:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b"no"})
            return
        await self.app(scope, receive, send)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        app = Guarded(server.streamable_http_app(), os.environ["LABORATORY_TOKEN"])
        uvicorn.run(app, port=int(sys.argv[1]), log_level="critical")
    else:
        server.run()
