"""Text from programs and models, made safe to show."""


def visible(text: str, limit: int | None = None) -> str:
    """One line without control characters, terminal codes or lone surrogates; cut to `limit` characters."""
    line = " ".join(text.split())
    safe = "".join(c if c.isprintable() else "�" for c in line).encode("utf-8", "replace").decode("utf-8")
    return safe if limit is None or len(safe) <= limit else safe[: limit - 1] + "…"


def clean(text: str, limit: int = 40_000, whole: str = "") -> str:
    """Several lines without control characters other than line ends and tabs; the middle of long texts left out.

    `whole` says where the rest is, for the line that stands in the gap.
    """
    text = text.replace("\r\n", "\n")
    if len(text) > limit:
        where = f"; the whole is in {whole}" if whole else ""
        left_out = len(text) - limit
        text = f"{text[: limit // 2]}\n[… {left_out} characters left out{where} …]\n{text[-(limit // 2) :]}"
    if text.replace("\n", "").replace("\t", "").isprintable():  # nearly always, and much faster
        return text
    safe = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
    return safe.encode("utf-8", "replace").decode("utf-8")
