"""The command line that asks for the same as a call from Python does."""

import shlex
from collections.abc import Iterator, Mapping

from fieldsmith.agents.prompts import DEFAULT_STYLE
from fieldsmith.orchestrator.run import Asked

LIMITS = {"candidates": "--candidates", "tokens": "--max-tokens", "usd": "--max-cost", "hours": "--max-hours"}
USUAL = {
    "--scale": "demo",
    "--prompt-style": DEFAULT_STYLE,
    "--strategy": "refine",
    "--image": "base",
    "--seed": 0,
}


def command_of(asked: Asked, further: Mapping[str, object]) -> str:
    """What to type for a run; options that have their usual values are left out.

    `further` are options that do not stand in what was asked, such as paths; None for one that was not given.
    """
    models = {"--in-flight": asked.options["in_flight"], "--debug-rounds": asked.options["debug_rounds"]}
    given: dict[str, object] = {
        "--scale": asked.scale,
        "--data": asked.data,
        "--model": asked.author if asked.options["prompt_style"] else "",
        "--base-url": asked.options["base_url"],
        "--prompt-style": asked.options["prompt_style"],
        "--strategy": asked.strategy,
        **(models if asked.options["prompt_style"] else {}),
        "--seed": asked.seed,
        "--sandbox": asked.sandbox,
        "--image": asked.options["image"],
        "--docker-runtime": asked.options["docker_runtime"],
        "--gpus": asked.options["gpus"],
        **further,
    }
    words = ["fieldsmith", "solve", asked.task]
    words += [word for name, value in asked.parameters.items() for word in ("--param", f"{name}={value!r}")]
    for option, value in given.items():
        if value not in ("", None, USUAL.get(option)):
            words += [option, str(value)]
    for option, value in _settings(asked):
        words += ["--model-option", f"{option}={value}"]
    for name, option in LIMITS.items():
        if name in asked.budget:
            words += [option, repr(asked.budget[name]).removesuffix(".0")]
    return shlex.join(words)


def _settings(asked: Asked) -> Iterator[tuple[str, object]]:
    for kind in ("settings", "serving"):
        settings = asked.options[kind]
        assert isinstance(settings, Mapping)
        for name, value in settings.items():
            for one in value if isinstance(value, list | tuple) else [value]:
                yield name, one
