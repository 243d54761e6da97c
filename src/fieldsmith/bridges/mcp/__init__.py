"""The Model Context Protocol, both ways: Fieldsmith for assistants, and other servers' tools for Fieldsmith."""

from importlib import import_module

from fieldsmith.errors import MissingPart

__all__ = ["require_sdk"]


def require_sdk() -> None:
    """Raises MissingPart where the protocol's SDK is not installed; nothing else here can be imported then."""
    try:
        import_module("mcp")
    except ImportError:
        words = "The Model Context Protocol needs the mcp package."
        raise MissingPart(words, "pip install 'fieldsmith[mcp]'") from None
