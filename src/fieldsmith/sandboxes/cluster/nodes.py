"""The nodes of a cluster that can be used: each is asked once what it has, and they must agree."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import fieldsmith
from fieldsmith.sandboxes.cluster.place import About, Wanted, about

CHECK_SECONDS = 180.0
"""For a node to start an interpreter and to look at its sandbox; the first time it may have to read it from a network disk."""
Tell = Callable[[str], None]


def alive(ray: Any, cpus: float = 0.0, gpus: float = 0.0) -> dict[str, str]:
    """Address of each living node that has so many cores and GPUs, by its id; a head node is often given none."""

    def has(node: Mapping[str, Any]) -> bool:
        resources = node.get("Resources", {})
        return resources.get("CPU", 0.0) >= cpus and resources.get("GPU", 0.0) >= gpus

    return {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"] and has(node)}


def ask(ray: Any, wanted: Wanted, nodes: Iterable[str]) -> list[About]:
    """What these nodes have; all are asked at once."""
    addresses = alive(ray)
    asked = {
        ray.remote(about).options(num_cpus=0, max_retries=0, label_selector={"ray.io/node-id": node}).remote(node, wanted): node
        for node in nodes
    }  # fmt: skip
    done, late = ray.wait(list(asked), num_returns=len(asked), timeout=CHECK_SECONDS) if asked else ([], [])
    found = [_answer(ray, one, asked[one], addresses.get(asked[one], asked[one])) for one in done]
    for one in late:
        ray.cancel(one, force=True)
        node = asked[one]
        found.append(About(node, addresses.get(node, node), f"It did not answer within {CHECK_SECONDS:g} s."))
    return found


def _answer(ray: Any, reference: Any, node: str, address: str) -> About:
    try:
        told: About = ray.get(reference)
    except ray.exceptions.RayError as error:
        if "No module named 'fieldsmith" in str(error):
            return About(node, address, f"Fieldsmith is not installed there; install {fieldsmith.__version__}.")
        return About(node, address, f"It cannot be asked: {first_line(error)}")
    if told.version != fieldsmith.__version__:
        words = f"It has Fieldsmith {told.version}, and this is {fieldsmith.__version__}. Install the same there."
        return About(node, told.host, words)
    return told


def agreeing(found: Sequence[About], like: About | None, tell: Tell) -> list[About]:
    """Those of them that can be used, and that have the sandbox and libraries of `like`, or of most; the others are told of, a line each."""
    usable = [one for one in found if not one.lacks]
    if like is None and usable:
        (kind, _), *_ = Counter((one.sandbox, one.libraries) for one in usable).most_common(1)
        like = next(one for one in usable if (one.sandbox, one.libraries) == kind)
    taken = []
    for one in found:
        why = one.lacks or (_difference(one, like) if like else "")
        if why:
            tell(f"Node {one.host} ({one.node[:8]}) is not used: {why}")
        else:
            taken.append(one)
    return taken


def _difference(one: About, like: About) -> str:
    """What a node has otherwise than the rest: figures would depend on where a program ran."""
    if one.sandbox != like.sandbox:
        return f"It has the sandbox {one.sandbox} and the others {like.sandbox}; name one with --sandbox."
    here, there = set(like.libraries) - set(one.libraries), set(one.libraries) - set(like.libraries)
    if here or there:
        has, lacks = ", ".join(sorted(there)) or "nothing instead", ", ".join(sorted(here)) or "nothing more"
        return f"It has {has} where the others have {lacks}; build the same image there, or install the same."
    return ""


def first_line(error: Exception) -> str:
    """What a Ray error says, without its traceback."""
    cause = getattr(error, "cause", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0] if lines else type(cause).__name__
