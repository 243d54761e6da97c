"""The options of a command that asks a question, made from the question's fields."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, fields
from typing import Annotated, Any

import typer

from fieldsmith.orchestrator.question import Question, option_of


def asks(question: type[Any], only: Collection[str] = ()) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command an option for every field of a question of that kind, or for some, between its context and its own options."""
    return lambda command: _asking(command, question, only)


def asks_question(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every field of the question, between its context and its own options; the task may be left out."""
    return _asking(command, Question, optional=("task",))


def _asking(
    command: Callable[..., None], question: type[Any], only: Collection[str] = (), optional: Collection[str] = ()
) -> Callable[..., None]:
    context, *own = (one for one in inspect.signature(command).parameters.values() if one.kind is not one.VAR_KEYWORD)
    asked = [_parameter(one, one.name in optional) for one in fields(question) if one.name in only or not only]
    parameters = [context.replace(kind=inspect.Parameter.KEYWORD_ONLY), *asked, *own]
    setattr(command, "__signature__", inspect.Signature(parameters))  # noqa: B010
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def question_from(options: Mapping[str, Any]) -> Question:
    """The question of a command's options. Raises InputError for words that are not of the form name=value."""
    from fieldsmith.cli.options import parse_parameters, parse_settings

    values = {one.name: options[one.name] for one in fields(Question) if one.name in options}
    values["param"] = parse_parameters(values.get("param") or [])
    values["strategy_options"] = parse_settings(values.get("strategy_options") or [], "--strategy-option", "drafts=6")
    values["model_options"] = parse_settings(values.get("model_options") or [], "--model-option", "max_tokens=8000")
    return Question(**values)


def _parameter(one: Field[Any], optional: bool = False) -> inspect.Parameter:
    told = option_of(one)
    if one.default is MISSING:
        default, kind = (None, told.kind | None) if optional else (inspect.Parameter.empty, told.kind)
        place = typer.Argument(help=told.help)
    else:
        default, kind = one.default, list[str] if told.kind is dict else told.kind
        kind = kind | None if default is None else kind
        place = typer.Option(told.flag, help=told.help, rich_help_panel=told.panel)
    return inspect.Parameter(
        one.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, place]
    )
