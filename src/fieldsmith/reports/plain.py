"""Text from programs and models, made safe to show."""


def visible(text: str, limit: int | None = None) -> str:
    """One line without control characters, terminal codes or lone surrogates; cut to `limit` characters."""
    if limit is not None and len(text) > 20 * limit:  # no need to look at all of what will be cut
        text = text[: 20 * limit]
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join(c if c.isprintable() else "�" for c in line).encode("utf-8", "replace").decode("utf-8")
    return line if limit is None or len(line) <= limit else line[: limit - 1] + "…"


def clean(text: str) -> str:
    """Several lines without control characters other than line ends and tabs."""
    text = text.replace("\r\n", "\n")
    if text.replace("\n", "").replace("\t", "").isprintable():  # nearly always, and much faster
        return text
    safe = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
    return safe.encode("utf-8", "replace").decode("utf-8")


def cut(text: str, limit: int) -> tuple[str, tuple[int, int], str]:
    """Beginning and end of a long text, and how many characters and ends of lines are left out between them.

    It is cut at ends of lines where they are not too far away, so that lines stay whole.
    """
    if len(text) <= limit:
        return text, (0, 0), ""
    half = limit // 2
    head, tail = text[:half], text[len(text) - half :]
    head = head[: head.rfind("\n", half // 2) + 1] or head
    tail = tail[tail.find("\n", 0, half // 2) + 1 :]
    middle = text[len(head) : len(text) - len(tail)]
    return head, (len(middle), middle.count("\n")), tail
