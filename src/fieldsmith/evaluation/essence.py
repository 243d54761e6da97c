"""What a program does, as a digest: the same for programs that differ in comments, formatting, docstrings and names of local variables alone.

Docstrings count where the program may read them.
"""

import ast
import hashlib
from functools import lru_cache

from fieldsmith import syntax
from fieldsmith.evaluation.renaming import without_local_names, words

READ_DOCSTRINGS = {"__doc__", "getdoc", "getsource", "getsourcelines", "doctest"}
"""Names by which a program may come to see its docstrings."""


@lru_cache(maxsize=4096)  # strategies ask for it again and again
def essence_of(source: str) -> str:
    """That of the text itself where it is no Python."""
    try:
        tree = syntax.parse(source)
        nodes = list(ast.walk(tree))
        for node in () if READ_DOCSTRINGS & set(words(nodes)) else nodes:
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                node.body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
        return digest(ast.dump(without_local_names(tree)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return digest(source)


def digest(text: str) -> str:
    """SHA-256 of a text, also of one with lone surrogates."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
