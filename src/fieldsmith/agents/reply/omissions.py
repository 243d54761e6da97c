"""Places where a program leaves code out, told apart from comments that speak of the code below them.

A comment stands for code where it says so and nothing else, such as `# ... rest unchanged`, or where it speaks of such and its
block ends with it. One that code follows belongs to that code.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from fieldsmith.agents.reply.names import USUAL, Function, first_line, functions, is_stub, missing, tree_of

LEFT_OUT = re.compile(
    r"^[ \t]*(?:#[ \t]*)?(?:\.\.\.|…)(?:[ \t]*|[^\n]*\b(?:rest|remaining|existing|unchanged|same|omitted|previous|other|code|here)\b[^\n]*)$|"
    r"^[ \t]*#[^\n]*\b(?:rest|remaining|remainder|other|existing|previous|original|same)\b[^\n]*"
    r"\b(?:unchanged|as before|remains?|omitted|stays?|goes here|same as (?:before|above))\b[^\n]*$",
    re.MULTILINE | re.IGNORECASE,
)
"""A line of a text that is no whole program anyway."""
LONGEST_COMMENT = 300

CODE = r"(?:code|implementation|program|script|logic|functions?|body|lines?|loop|section|block|helpers?|definitions?)"
EARLIER = r"(?:before|above|earlier|(?:in |the |your |my )*(?:original|previous|earlier|first|old)(?: \w+)?)"
UNSHOWN = r"(?:omitted|elided|left out|not shown)(?: for (?:brevity|clarity))?"
STATE = (
    r"(?:(?:is|are|was|were|remains?|stays?|kept|goes|exactly|all|the) )*"
    rf"(?:{UNSHOWN}|(?:unchanged|unmodified|untouched|identical)(?: (?:from|to) {EARLIER})?|no changes?(?: needed)?|same"
    rf"|(?:same )?as {EARLIER}|as (?:it )?(?:is|was))"
)
KEEP = r"(?:keep |leave |insert |include |add |put |with )?"
PLACEHOLDER = re.compile(
    rf"{KEEP}(?:the |your |my |all )*(?:existing|previous|remaining|rest of|remainder of)(?: the| your| my| this)?(?: \w+)? {CODE}"
    rf"(?: {STATE}| (?:goes )?here)?|(?:\w+ ){{0,3}}{CODE}(?: is| are)? {UNSHOWN}"
)
"""The whole of a comment that stands for code though no dots say so."""
DOTTED_PLACEHOLDER = re.compile(
    rf"{STATE}|{KEEP}(?:the |your |all )*(?:rest|remainder|everything(?: else)?|others?) {STATE}"
    rf"|{KEEP}(?:the |your |my |all )*(?:existing|previous|remaining|rest of|remainder of)(?: \w+){{0,3}}? {CODE}"
    rf"(?: {STATE}| (?:goes )?here| (?:for|of|in|that|with|to) .*)?"
    rf"|{KEEP}(?:the |your |my )*(?:same|other|original) (?:\w+ )?(?:code|implementation)(?: {STATE}| (?:goes )?here)?"
    rf"|(?:\w+ ){{0,4}}(?:{CODE} (?:{STATE}|(?:goes )?here)|{UNSHOWN})"
)
"""The whole of a comment with dots that stands for code."""
CODE_HERE = re.compile(r"(?:todo )?(?:\w+ ){0,3}code (?:goes )?here")
"""The whole of a comment that stands for code where its block ends with it."""
TO_DO = re.compile(r"todo\b.*")
"""A plan beside code; it stands for code only where a loop or a function has nothing else."""
SPEAKS_OF_CODE = re.compile(
    r"\b(?:rest|remaining|existing|unchanged|same|similar(?:ly)?|likewise|omitted|others?|everything else|so on|etc|as (?:before|above))\b"
)
"""Words of a comment with dots that stands for code if its block ends with it."""
TURNS = re.compile(r"\b(?:frames|(?:time)?steps|samples|times|iterations|turns|points|cells|so on|etc)\b")
"""Words of a comment that may speak of the turns of a loop."""
BINDING = rf"(?:{CODE}|set ?up|initiali[sz]ations?|parameters|constants|imports?|preamble|boilerplate|grid|everything)"
SET_UP = re.compile(
    rf"\b(?:(?:same|rest of|existing|previous|remaining|all|other)(?: the)?(?: \w+)? {BINDING}|same as|as (?:before|above|in)"
    rf"|{BINDING} (?:(?:goes|is|are|stays?|remains?) )?(?:here|{STATE}))\b"
)
DOTTED_SET_UP = re.compile(rf"\b(?:{BINDING}|rest|remaining|same|existing|previous|unchanged|omitted)\b")
"""Words of a comment that may stand for the lines that set names up; it does where a name has come from nowhere."""
LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)


@dataclass(frozen=True)
class _Comment:
    """A comment: its place, its words in small letters, whether dots begin or end it, where it stands."""

    line: int
    column: int
    said: str
    dotted: bool
    alone: bool
    bracketed: bool


def left_out(source: str) -> str:
    """The line by which a text that is no whole program says that it leaves something out, if one does."""
    # What repeats itself without end is no comment; looking for one in it would take ever longer.
    found = (LEFT_OUT.search(line) for line in source.split("\n") if len(line) <= LONGEST_COMMENT)
    return next((match[0].strip() for match in found if match), "")


def gap(source: str) -> str:
    """The line at which a function of the program is cut short; empty where none is. Stubs are not looked at."""
    tree = tree_of(source)
    if tree is None or not tree.body:
        return ""
    lines = source.split("\n")
    comments = _comments(source) if "#" in source else []
    lacking = bool(missing(tree) - USUAL.keys())
    beginnings = [*(first_line(node) for node in tree.body[1:]), len(lines) + 1]
    for node, end in zip(tree.body, beginnings, strict=True):
        if not isinstance(node, ast.FunctionDef) or is_stub(node):
            continue
        inside = [c for c in comments if c.alone and c.column and node.lineno < c.line < end]
        whole = not lacking and isinstance(node.body[-1], ast.Return)
        if line := _unfinished(node) or _commented(node, inside, lines, whole):
            return lines[line - 1].strip()
    return ""


def unset(source: str) -> str:
    """The comment that stands for the lines which would bind names that the program lacks; empty where there is none."""
    tree = tree_of(source)
    if tree is None or "#" not in source or not missing(tree) - USUAL.keys():
        return ""
    for c in _comments(source):
        if c.alone and not c.bracketed and (DOTTED_SET_UP if c.dotted else SET_UP).search(c.said):
            return source.split("\n")[c.line - 1].strip()
    return ""


def hollow(source: str, function: str) -> str:
    """The first line of a helper that the program uses and that has no body but `...` or a comment that stands for one."""
    tree = tree_of(source)
    if tree is None:
        return ""
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for name, nodes in functions(tree).items():
        node = nodes[-1]
        if name == function or name not in used or node.decorator_list or not is_stub(node):
            continue
        if (any(map(_is_ellipsis, node.body)) or _promised(source, node)) and _result_used(tree, name):
            return source.split("\n")[node.lineno - 1].strip()
    return ""


def _result_used(tree: ast.Module, name: str) -> bool:
    """Whether it matters that a function does nothing: not where it is only called for its effect, or is a default."""
    idle: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            idle.add(id(node.value.func))
        elif isinstance(node, ast.arguments):
            idle |= {id(default) for default in (*node.defaults, *node.kw_defaults)}
    loads = (n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load))
    return any(id(n) not in idle for n in loads)


def _promised(source: str, node: Function) -> bool:
    """Whether a comment in a stub stands for its code."""
    lines = range(node.lineno, _end(node) + 1)
    return any(
        c.dotted or any(words.fullmatch(c.said) for words in (DOTTED_PLACEHOLDER, CODE_HERE, TO_DO))
        for c in _comments(source)
        if c.line in lines
    )


def _unfinished(node: ast.FunctionDef) -> int:
    """The line of an ellipsis among other statements, or in the place of a loop's body."""
    for inner in ast.walk(node):
        for part in ("body", "orelse", "finalbody"):
            body = getattr(inner, part, None)
            bare = [n for n in body if _is_ellipsis(n)] if isinstance(body, list) else []
            # Alone it is a way to do nothing, as in `except ValueError: ...`, but for a loop there is no reason to.
            if bare and isinstance(body, list) and (len(body) > 1 or isinstance(inner, ast.For | ast.While)):
                return bare[0].lineno
    return 0


def _is_ellipsis(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is Ellipsis


def _commented(node: ast.FunctionDef, comments: list[_Comment], lines: list[str], whole: bool) -> int:
    """The line of a comment in the function that stands for code.

    In a function that returns something and has every name that it uses, one such as `# ... same for the remaining frames`
    is taken to speak of the turns of its loop.
    """
    leaving = {(_end(n), n.col_offset) for n in ast.walk(node) if isinstance(n, LEAVES)}
    blocks = (n.body for n in ast.walk(node) if isinstance(n, ast.For | ast.While | Function) and _does_nothing(n))
    empty = {(n.lineno, n.col_offset) for body in blocks for n in body}
    for comment in comments:
        # Nothing is left out where the function, or the turn of its loop, is over.
        over = (_nearest(lines, comment.line, -1), comment.column) in leaving
        if over:
            continue
        follower = _follower(comment, lines)
        alone = any((_nearest(lines, comment.line, step), comment.column) in empty for step in (-1, 1))
        if _stands_for_code(comment, follower, lines, whole) or (alone and TO_DO.fullmatch(comment.said)):
            return comment.line
    return 0


def _does_nothing(node: ast.For | ast.While | Function) -> bool:
    return all(isinstance(n, ast.Pass) or _is_ellipsis(n) for n in node.body)


def _nearest(lines: list[str], line: int, step: int) -> int:
    """The next line of code above or below a line, both counted from 1; 0 where there is none."""
    at = line + step
    while 0 < at <= len(lines):
        if lines[at - 1].strip() and not lines[at - 1].lstrip().startswith("#"):
            return at
        at += step
    return 0


def _follower(comment: _Comment, lines: list[str]) -> int:
    """The line of the code that follows a comment in its block; 0 where none does that does anything."""
    line = _nearest(lines, comment.line, 1)
    text = lines[line - 1].expandtabs() if line else ""
    deeper = len(text) - len(text.lstrip()) >= comment.column
    return line if deeper and text.strip() not in ("", "pass", "...") else 0


def _stands_for_code(comment: _Comment, follower: int, lines: list[str], whole: bool) -> bool:
    """Whether a comment is there in place of code; `follower` is the line of code that it may speak of, or 0."""
    if not comment.said:
        # In a paragraph of comments dots are part of what it says.
        around = (lines[comment.line - 2], *lines[comment.line : comment.line + 1])
        return comment.dotted and not any(line.lstrip().startswith("#") for line in around)
    if comment.dotted and DOTTED_PLACEHOLDER.fullmatch(comment.said):
        return True
    if comment.bracketed:
        return False
    if PLACEHOLDER.fullmatch(comment.said):
        label = follower == comment.line + 1 and not lines[follower - 1].lstrip().startswith("return")
        return not label and not (follower and _old_code_below(comment.line, lines))
    turns = whole and TURNS.search(comment.said) is not None
    speaks = not turns and SPEAKS_OF_CODE.search(comment.said) if comment.dotted else CODE_HERE.fullmatch(comment.said)
    return not follower and bool(speaks)


def _old_code_below(line: int, lines: list[str]) -> bool:
    """Whether the comments right below a line hold code that is switched off: then the line is their label."""
    for text in lines[line:]:
        if not text.lstrip().startswith("#"):
            return False
        code = text.strip("# \t")
        tree = tree_of(f"{code} pass" if code.endswith(":") else code)
        # A word, or two with a colon between them, is Python too.
        plain = (ast.Expr, ast.AnnAssign)
        if tree is not None and any(
            not isinstance(n, plain) or (isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)) for n in tree.body
        ):
            return True
    return False


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _comments(source: str) -> list[_Comment]:
    return list(_read_comments(source))


def _read_comments(source: str) -> Iterator[_Comment]:
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
            elif token.type == tokenize.COMMENT:
                text = token.string.strip("# \t-=*_~()[]{}<>")
                dotted = text.startswith(("...", "…")) or text.endswith(("...", "…"))
                said = " ".join(re.findall(r"\w+", text.lower()))
                before = token.line[: token.start[1]]
                column = len(before.expandtabs())
                yield _Comment(token.start[0], column, said, dotted, not before.strip(), depth > 0)
    except (tokenize.TokenError, SyntaxError):
        return
