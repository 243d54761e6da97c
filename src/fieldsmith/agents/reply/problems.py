"""What is wrong with a reply that holds no program, in words an author can act on."""

import ast
from collections.abc import Sequence

from fieldsmith import syntax
from fieldsmith.agents.reply.blocks import NO_PROGRAM, Block, syntax_problem
from fieldsmith.agents.reply.gaps import name_of
from fieldsmith.agents.reply.names import functions, is_stub, parameters
from fieldsmith.agents.reply.omissions import left_out
from fieldsmith.agents.reply.patches import is_diff


def incomplete(line: str) -> str:
    return f"The program leaves a part out (`{line[:120]}`). Give the whole program, every function in full."


def ambiguous(names: Sequence[str]) -> str:
    """What to say of changes that fit several programs, by their names."""
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"The reply holds only changes, and they fit {listed} alike. Say whose program they change, by giving the whole program."


def still_open(texts: Sequence[str], asked: Sequence[str]) -> str:
    """Which of the functions that were asked for the reply leaves open or does not have, as words."""
    names = [name_of(signature) for signature in asked]
    given = {name for text in texts for name, nodes in functions(syntax.parse(text)).items() if is_stub(nodes[-1])}
    if open_ := [f"`{name}`" for name in names if name in given]:
        verb = "is" if len(open_) == 1 else "are"
        return f"{' and '.join(open_)} {verb} still open: the code belongs where TODO stands."
    listed = " and ".join(f"`def {signature}:`" for signature in asked)
    return f"No code block of the reply holds {listed} with its code. Give that in one ```python block."


def nothing(blocks: Sequence[Block], texts: Sequence[str], function: str, asked: Sequence[str]) -> str:
    """Why there is no program, and what would be right; `texts` are those of the blocks that are Python."""
    if not blocks:
        return f"The reply holds no code block. Answer with one ```python block that defines `{function}`."
    broken = [problem for block in blocks if block.python and (problem := syntax_problem(block.text))]
    if broken and not texts:
        return f"The code of the reply is no Python: {broken[-1]}."
    if asked:
        return still_open(texts, asked)
    languages = {block.language for block in blocks if not block.python and block.language not in NO_PROGRAM}
    other = sorted(languages - {"text", "txt", "markdown", "md", "bash", "sh", "console", "diff", "patch", "latex"})
    if other and not any(block.python and block.text.strip() for block in blocks):
        return f"The program is in {other[0]}. Write it in Python, in one ```python block that defines `{function}`."
    if any(is_diff(block) for block in blocks):
        return "The reply is a diff, and there is no program that it could be applied to. Give the whole program."
    if any(map(left_out, texts)):
        return incomplete(next(filter(None, map(left_out, texts))))
    if any(function in functions(syntax.parse(text)) for text in texts):
        return f"`{function}` has no body. Write it in full, in one ```python block with the whole program."
    return f"No code block of the reply defines `{function}`{_instead(texts, function)}. Give the whole program in one ```python block."


def _instead(texts: Sequence[str], function: str) -> str:
    """What the blocks define in the place of the function, as words."""
    trees = [syntax.parse(text) for text in texts]
    for node in (node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)):
        if any(isinstance(item, ast.FunctionDef) and item.name == function for item in node.body):
            return f" at its top level: it is a method of `{node.name}`"
    given = [
        f"`{name}({', '.join(parameters(nodes[-1]))})`" for tree in trees for name, nodes in functions(tree).items()
    ]
    return f"; it defines {', '.join(given[:4])}{' and more' * (len(given) > 4)}" if given else ""
