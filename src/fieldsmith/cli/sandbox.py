"""`fieldsmith sandbox`: build the image, say what is here."""

from typing import Annotated

import typer

from fieldsmith.cli.output import current

app = typer.Typer(help="Where programs run: build the image, see what is here.", no_args_is_help=True)


@app.command()
def build(
    image: Annotated[str, typer.Option(help="base, torch or jax.")] = "base",
    base_image: Annotated[
        str,
        typer.Option(
            help="Image to build on, best as NAME@sha256:DIGEST; needs python3 and pip. Else that of the image that is here, or python:3.12-slim.",
            show_default=False,
        ),
    ] = "",
    rebuild: Annotated[bool, typer.Option(help="Build even if the image is here.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Build the image that programs run in.

    Example: fieldsmith sandbox build
    """
    from fieldsmith.sandboxes import engine, images

    current.json, current.quiet = as_json, quiet
    name = images.tag(image)
    here = {} if engine.daemon() else images.about(image)
    base = base_image or here.get("base") or images.DEFAULT_BASE
    if rebuild or not here or here["base"] != base:
        name = images.build(image, base, echo=not (quiet or as_json))
    current.event("result", {"image": name, "base": base})
    current.say(f"The image {name} is here, made from {base}.")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Which sandboxes can be used on this machine, and why not the others.

    Example: fieldsmith sandbox status
    """
    from fieldsmith.sandboxes import images_here, survey

    current.json = as_json
    found, images = survey(), images_here()
    current.event("result", {"sandboxes": found, "images": images})
    for name, why_not in found.items():
        current.say(f"{name:<11} {why_not or 'ready'}")
    for variant, here in images.items():
        option = "" if variant == "base" else f" --image {variant}"
        current.say(f"image {variant:<5} {'built' if here else f'not built (fieldsmith sandbox build{option})'}")
