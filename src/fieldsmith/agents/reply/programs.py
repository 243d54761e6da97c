"""Finding the program in a reply: the block that defines the asked function, whole or put together, with what was done."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from fieldsmith.agents.reply.blocks import NO_PROGRAM, Block, blocks_of, parses, spoken
from fieldsmith.agents.reply.characters import PROSE_LEFT_OUT, mended
from fieldsmith.agents.reply.choosing import corrected, is_whole, preference
from fieldsmith.agents.reply.fences import unpacked, with_fences
from fieldsmith.agents.reply.found import Found, with_words
from fieldsmith.agents.reply.gaps import name_of, under_header
from fieldsmith.agents.reply.names import (
    bound,
    defines,
    functions,
    imported,
    inlined,
    is_stub,
    missing,
    only_imports,
    text_of,
    tree_of,
    used_by,
    with_parameters,
    without,
)
from fieldsmith.agents.reply.omissions import gap, hollow, unset
from fieldsmith.agents.reply.patches import applied, bare_patch, fitting, is_diff, lacks, patched
from fieldsmith.agents.reply.problems import ambiguous, incomplete, nothing
from fieldsmith.agents.reply.refusals import STOPS, refusal
from fieldsmith.agents.reply.shell import out_of_shell, without_lone_words

ALL_THOUGHTS = (
    "The reply holds thoughts alone: they took all the room that it had. Think less, and answer with the program."
)


def program_in(
    reply: str,
    function: str,
    arguments: Sequence[str] = (),
    stop: str = "stop",
    parents: Sequence[str] = (),
    asked: Sequence[str] = (),
    named: Sequence[str] = (),
) -> Found:
    """The program of a reply.

    `arguments` are the asked function's, by which a function of another name is known; `parents` are the programs that
    the reply may be a patch of, none for a draft, and `named` what to call them. `asked` are functions of the parent, `rate(u, dx)`, if only they were asked for: then
    what they still lack is for the run to show.
    """
    said, thought = spoken(reply)
    said, unwrapped = out_of_shell(said)
    search = _Search(function, arguments, parents, asked, named)
    found = with_words(search.program(said), unwrapped)
    ways = unpacked if PROSE_LEFT_OUT in found.repairs else with_fences
    if not (parses(found.source or "(") and ways is with_fences) and re.search(rf"\bdef |{re.escape(function)}", said):
        fenced = ((search.program(text), words) for text, words in ways(said, function) if text != said)
        better = (
            with_words(other, words) for other, words in fenced if other.source is not None and parses(other.source)
        )
        found = next(better, found)
    if found.source is None and thought and stop not in STOPS:
        inner = _Search(function, arguments, ()).program(thought)
        if inner.source is not None:
            return with_words(inner, "The program was taken from what the model thought, as the reply itself has none.")
    if found.source is None and thought and not said.strip():
        found = replace(found, problem=ALL_THOUGHTS)
    broken_off = stop in STOPS and not (found.whole and parses(found.source or ""))
    if found.source is not None and not broken_off:
        return found
    refused = refusal(said, stop, prose=not blocks_of(said))
    return Found(None, refused) if refused else found


class _Search:
    def __init__(
        self,
        function: str,
        arguments: Sequence[str],
        parents: Sequence[str],
        asked: Sequence[str] = (),
        named: Sequence[str] = (),
    ) -> None:
        self.function, self.arguments, self.parents = function, tuple(arguments), tuple(parents)
        self.named = tuple(named)
        self.asked = tuple(asked)
        trees = [tree for parent in self.parents if (tree := tree_of(parent)) is not None]
        self.wanted = {function, *(name for tree in trees for name in functions(tree))}
        """The function, and those that may take their place in a parent."""

    def program(self, said: str) -> Found:
        """From the blocks of a reply, or from its text where it has none."""
        blocks, headed = self._headed(blocks_of(said) or bare_patch(said))
        if not said.strip():
            return Found(None, "The reply was empty.")
        usable, repairs = self._readable(blocks if blocks else [Block("", said.replace("\r\n", "\n"))])
        if not blocks:  # what merely mentions the function is no program
            usable = [block for block in usable if parses(block.text)]
        defining = [block for block in usable if self._defines(block.text)]
        if defining:
            return self._chosen(defining, usable, repairs)
        renamed = self._renamed(usable)
        patch = None
        if renamed is None or self._part(renamed[0], blocks, usable):
            patch = self._patch(blocks, usable, (*headed, *filter(None, repairs.values())))
        if patch is None and renamed is not None:
            return self._aliased(*renamed, usable, repairs)
        if patch is not None:
            return patch
        if places := fitting([*filter(is_diff, blocks), *usable], self.parents):
            names = self.named or [f"program {n}" for n in range(1, len(self.parents) + 1)]
            return Found(None, ambiguous([names[n] for n in places]))
        texts = [block.text for block in usable if parses(block.text)]
        return Found(None, nothing(blocks, texts, self.function, self.asked))

    def _headed(self, blocks: Sequence[Block]) -> tuple[list[Block], list[str]]:
        """The blocks, a body without its `def` line under that of the one function that was asked for; and what was done."""
        known = list(blocks)
        if len(self.asked) != 1:
            return known, []
        (signature,) = self.asked
        name = name_of(signature)
        if any(self._defines(block.text) or defines(block.text, name) for block in known):
            return known, []
        for n, block in enumerate(known):
            if block.python and (text := under_header(block.text, signature)) is not None:
                known[n] = replace(block, text=text)
                return known, [f"The body of `{name}` was put under its `def` line."]
        return known, []

    def _defines(self, text: str) -> bool:
        return defines(text, self.function)

    def _gives(self, text: str) -> bool:
        return any(defines(text, name) for name in self.wanted)

    def _readable(self, blocks: Sequence[Block]) -> tuple[list[Block], dict[str, str]]:
        """Blocks that may hold a program, characters mended where they need it, and what was done by text."""
        usable, repairs = [], {}
        for block in blocks:
            if block.language in NO_PROGRAM or is_diff(block):
                continue
            text, words = mended(block.text, self._gives)
            text, more = without_lone_words(text)
            repairs[text] = " ".join(filter(None, (words, more)))
            usable.append(replace(block, text=text))
        return usable, repairs

    def _chosen(self, defining: list[Block], usable: list[Block], words: dict[str, str]) -> Found:
        """The last of the best blocks, completed from the others or from a parent where it lacks something."""
        ranks = [self._rank(block, usable) for block in defining]
        place = max(range(len(ranks)), key=lambda n: (ranks[n][:3], preference(defining[n]), ranks[n], n))
        chosen = defining[place]
        repairs = [words[chosen.text]] if words.get(chosen.text) else []
        good = [n for n, rank in enumerate(ranks) if rank >= (True, True, ranks[place][2])]
        if len(good) > 1 and len({defining[n].text.strip() for n in good}) > 1:
            which = "the last" if place == good[-1] else "the one that the reply prefers"
            repairs.append(f"{len(good)} blocks define `{self.function}`: {which} was taken.")
        source, taken = chosen.text, []
        if ranks[place][2] and not self.asked:
            at = next(n for n, block in enumerate(usable) if block is chosen)
            source, taken, done = corrected(source, usable[at + 1 :])
            repairs += done
        outlines = [n for n in range(place + 1, len(ranks)) if (True, True) <= ranks[n] < (True, True, True)]
        if ranks[place][2] and any(defining[n] not in taken for n in outlines):
            repairs.append(f"A later outline of `{self.function}` was left out.")
        tree = tree_of(source)
        if tree is not None:
            source, done = self._completed(source, tree, [b.text for b in usable if b is not chosen and b not in taken])
            repairs += done
            source, done = self._once(source)
            repairs += done
            if cut := gap(source) or self._hollow(source):
                return Found(None, incomplete(cut), tuple(repairs))
            source, done = imported(source)
            repairs += done
        return Found(source.strip("\n") + "\n", "", tuple(repairs), chosen.closed)

    def _rank(self, block: Block, usable: Sequence[Block]) -> tuple[bool, bool, bool, bool]:
        """Blocks that cannot be parsed, examples of use, outlines and other languages only serve where nothing else does."""
        others = [other.text for other in usable if other is not block]
        whole = self.asked or is_whole(block.text, self.function, others)
        return parses(block.text), not only_imports(block.text, self.function), bool(whole), block.python

    def _completed(self, source: str, tree: ast.Module, others: Sequence[str]) -> tuple[str, list[str]]:
        """With what other blocks of the reply, or the parent, define and the program lacks."""
        source, tree, modules = inlined(source, tree, [text for text in others if not self._defines(text)])
        if modules:
            return source, [
                f"The reply's module {', '.join(f'`{name}`' for name in modules)} was put into the program."
            ]
        absent = missing(tree)
        helpers = [text for text in others if absent and self._helps(text, absent)]
        if helpers:
            joined = "\n\n".join([*dict.fromkeys(helpers), source])
            if parses(joined):
                return joined, [f"The program was put together from {len(set(helpers)) + 1} blocks."]
        stubs = [name for name, nodes in functions(tree).items() if is_stub(nodes[-1])]
        partly = lacks(source, self.parents) or gap(source) or stubs
        if partly and (result := patched(source, self.parents, bool(self.asked))) is not None:
            return result[0], self._replaced(result[1])
        return source, []

    def _helps(self, text: str, absent: set[str]) -> bool:
        """Whether a block has what a program lacks; what calls the function is an example of its use."""
        parsed = tree_of(text)
        return (
            parsed is not None
            and bool(absent & bound(parsed))
            and not self._defines(text)
            and self.function not in missing(parsed)
        )

    def _once(self, source: str) -> tuple[str, list[str]]:
        """Without a stub or outline that comes after the function itself and would take its place."""
        tree = tree_of(source)
        nodes = functions(tree).get(self.function, []) if tree else []
        if len(nodes) < 2:
            return source, []
        full = [node for node in nodes if not is_stub(node) and not gap(text_of(source, node))]
        if full and nodes[-1] is not full[-1]:
            for node in reversed(nodes[nodes.index(full[-1]) + 1 :]):
                source = without(source, node)
            return source, [f"A later stub of `{self.function}` was taken out."]
        if len(full) > 1:
            return source, [f"`{self.function}` is defined {len(full)} times: the last counts."]
        return source, []

    def _patch(self, blocks: Sequence[Block], usable: Sequence[Block], done: Sequence[str]) -> Found | None:
        """The parent with a diff or with single functions put in; None where the reply is no patch."""
        if not self.parents:
            return None
        diffs = [block.text for block in blocks if is_diff(block)]
        if diffs:
            results = [r for parent in self.parents if (r := applied("\n@@\n".join(diffs), parent)) is not None]
            if len(set(results)) == 1 and self._defines(results[0]):
                return Found(
                    results[0].strip("\n") + "\n", "", ("The reply's diff was applied to the earlier program.",)
                )
            if len(set(results)) > 1:
                return None
            return Found(None, "The reply is a diff that does not fit the earlier program. Give the whole program.")
        parts = [block.text for block in usable if block.python and parses(block.text)]
        if not parts:
            return None
        result = patched("\n\n".join(parts), self.parents, bool(self.asked))
        if result is not None and self._defines(result[0]):
            source, added = imported(result[0])
            return Found(source.strip("\n") + "\n", "", (*done, *self._replaced(result[1]), *added))
        return None

    def _replaced(self, names: Sequence[str]) -> list[str]:
        """What to say of functions that were put into the earlier program: nothing where just that was asked for."""
        listed = ", ".join(f"`{name}`" for name in names)
        words = f"The reply holds only a part of the program: {listed} took the place of the earlier program's."
        return [] if self.asked else [words]

    def _renamed(self, usable: Sequence[Block]) -> tuple[str, Block] | None:
        """The one function with the asked parameters that has another name, and its block: the last that has just one."""
        for block in reversed(usable if self.arguments else ()):
            tree = tree_of(block.text)
            if tree is not None and len(names := with_parameters(tree, self.arguments)) == 1:
                return names[0], block
        return None

    def _part(self, name: str, blocks: Sequence[Block], usable: Sequence[Block]) -> bool:
        """Whether a function that could be the asked one is only a part of the earlier program.

        It is where a diff says what changes, where the earlier program has it already, or would use it with the reply's
        functions in place of its own. Otherwise it would be dead code there, so the reply is a program of its own.
        """
        if any(map(is_diff, blocks)) or self.asked or name in self.wanted:
            return True
        trees = [tree for block in usable if (tree := tree_of(block.text)) is not None]
        parents = [tree for parent in self.parents if (tree := tree_of(parent)) is not None]
        return name in used_by(self.function, trees, parents)

    def _aliased(self, name: str, block: Block, usable: Sequence[Block], words: dict[str, str]) -> Found:
        """The program whose function has another name, with the asked name for it."""
        source = f"{block.text.strip(chr(10))}\n\n\n{self.function} = {name}\n"
        whole = Block(block.language, source, block.closed)
        others = [other for other in usable if other is not block]
        found = self._chosen([whole], [*others, whole], {**words, source: words.get(block.text, "")})
        return with_words(found, f"`{name}` was given the asked name `{self.function}`.")

    def _hollow(self, source: str) -> str:
        """A helper without a body, or what stands for names that are missing; of asked functions the run shows what they lack."""
        return "" if self.asked else hollow(source, self.function) or unset(source)


def program_of(reply: str, function: str) -> tuple[str | None, str]:
    """The program that defines the function, or None and what was wrong, in words an author can act on."""
    found = program_in(reply, function)
    return found.source, found.problem
