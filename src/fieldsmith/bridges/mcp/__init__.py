"""The Model Context Protocol, both ways: Fieldsmith for assistants, and other servers' tools for Fieldsmith."""

from fieldsmith.errors import MissingPart

__all__ = ["require_sdk"]


def require_sdk() -> None:
    """Raises MissingPart where the protocol's SDK is not installed; nothing else here can be imported then."""
    try:
        import mcp  # noqa: F401
    except ImportError:
        raise MissingPart(
            "The Model Context Protocol needs the mcp package.", "pip install 'fieldsmith[mcp]'"
        ) from None
