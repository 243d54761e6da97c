"""Wider or deeper, decided by Thompson sampling: adaptive branching Monte Carlo tree search, AB-MCTS-A, of the package `treequest`.

Inoue et al., "Wider or Deeper? Scaling LLM Inference-Time Compute with Adaptive Branching Tree Search", arXiv 2503.04412.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from fieldsmith.agents.author import Candidate, Draft, Move, Refine, Restart
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.strategies.merit import share
from fieldsmith.strategies.rounds import Rounds, number_of, result_of

WRITE = "write"
"""The one action: a further program below a node."""
_chance = threading.Lock()


class Tree(Rounds):
    """Each chain is a node. What it begins with is a draft at the root, a refinement of the program of one node elsewhere, and below a chain in
    which nothing ran a fresh start that knows its mistake. A node is worth the logarithm of its program's error, mapped into [0, 1].

    `prior` is the family of distributions of that worth, gaussian or beta. Raises MissingPart without the extra `tree`.
    """

    name = "tree"

    def __init__(self, debug_rounds: int = 4, width: int = 1, seed: int = 0, prior: str = "gaussian") -> None:
        if prior not in ("gaussian", "beta"):
            raise InputError(f"The strategy tree knows no prior {prior!r}.", "Use gaussian or beta.")
        super().__init__(debug_rounds, width, seed)
        self.prior = prior
        _package()

    def begin(self, chain: int, chains: Sequence[Sequence[Candidate]]) -> Move:
        search = _package().ABMCTSA(dist_type=self.prior)
        state = search.init_tree()
        programs = [found for found in map(result_of, chains) if found]
        nodes: dict[int, Any] = {}
        for number, one in enumerate(chains):
            above = [number_of_id(chains, parent) for parent in one[0].parents]
            node = nodes[above[0]] if above else state.tree.root
            found = result_of(one)
            state = _grown(search, state, node, number, share(found, programs) if found else 0.0)
            nodes[number] = node.children[-1]
        with _seeded(self.lot(chain).getrandbits(32)):
            _, trial = search.ask(state, [WRITE])
        return _below(chains, trial.parent_state)


def number_of_id(chains: Sequence[Sequence[Candidate]], candidate: int) -> int:
    """The number of the chain that the candidate is in."""
    return next(number_of(one) for chain in chains for one in chain if one.id == candidate)


def _below(chains: Sequence[Sequence[Candidate]], number: int | None) -> Move:
    """What a further program below a node begins with: below one in which nothing ran, anew from what that was to better."""
    if number is None:
        return Draft()
    chain = chains[number]
    found = result_of(chain)
    if found:
        return Refine((found,))
    bettered = [one for before in chains for one in before if one.id in chain[0].parents and one.ok]
    return Restart(chain[-1], bettered)


def _grown(search: Any, state: Any, node: Any, number: int, worth: float) -> Any:
    """The tree with one more node, put where the run has put it, whatever would be drawn today."""
    state.thompson_states.get_or_create(node, [WRITE])
    return search.tell(state, state.trial_store.create_trial(node, WRITE).trial_id, (number, worth))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """NumPy's generator of the whole process, from which the package draws, begun with a seed; afterwards it is what it was."""
    with _chance:
        before = np.random.get_state()
        np.random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(before)


def _package() -> Any:
    try:
        import treequest
    except ImportError:
        raise MissingPart("The strategy tree needs treequest.", "pip install 'fieldsmith[tree]'") from None
    return treequest
