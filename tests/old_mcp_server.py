"""A server of the first protocol, without any SDK: initialize, tools/list and tools/call, a sum that it keeps, and words on standard output that are no JSON."""

import json
import sys

TOOL = {
    "name": "double-it",
    "description": "Double a number.",
    "inputSchema": {"type": "object", "properties": {"x": {"type": ["number", "null"]}}, "required": ["x"]},
}
SUM = {
    "name": "add-up",
    "description": "Add a number to the sum so far.",
    "inputSchema": {"type": "object", "properties": {"by": {"type": "integer"}}, "required": ["by"]},
}
total = 0


def text(value: float) -> dict:
    return {"result": {"content": [{"type": "text", "text": str(value)}]}}


def answer(message: dict) -> dict:
    method, given = message["method"], message.get("params", {})
    if method == "initialize":
        info = {"name": "ancient", "version": "0"}
        return {"result": {"protocolVersion": "2024-11-05", "capabilities": {"tools": {}}, "serverInfo": info}}
    if method == "tools/list":
        return {"result": {"tools": [TOOL, SUM]}}
    if method == "tools/call" and given["name"] == TOOL["name"]:
        return text(2 * given["arguments"]["x"])
    if method == "tools/call" and given["name"] == SUM["name"]:
        global total
        total += given["arguments"]["by"]
        return text(total)
    return {"error": {"code": -32601, "message": f"no {method}"}}


print("ready to serve", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **answer(asked)}), flush=True)
