"""Blocks of methods can be listed and chosen, choices are plain values, and a block does what it says, to its order."""

import ast
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from numerics_cases import POINTS, TIMES, brief_of, call, line, relative, solve, steady_brief

from fieldsmith import numerics
from fieldsmith.agents.author import Draft
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.blocks import Choices
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Axis, Balance, Boundary, Equation
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.errors import InputError
from fieldsmith.numerics.catalogue import HLLC, SINE_PCG, SSPRK2, SSPRK3, VAN_LEER, WENO5
from fieldsmith.numerics.finite_volumes import FiniteVolumes, VolumesChoices
from fieldsmith.numerics.methods import families, family
from fieldsmith.sandboxes import choose
from fieldsmith.sandboxes.sandbox import Limits
from plug_ins import distribution

WALL = Boundary("dirichlet")
UNIT = (line(0, 1),)
SQUARE = tuple(Axis(name, 0, 1, "endpoints", WALL, WALL) for name in "xy")
HUMP = "2*pi**2*sin(pi*x)*sin(pi*y)"
ENERGY = "(p/(gamma - 1) + rho*v**2/2)"
BRIEFS = {
    "spectral": brief_of(Equation(("u",), UNIT, (Balance("u", "d(u, s, s)/50 + u - u**3"),)), {}),
    "linear": brief_of(Equation(("u",), UNIT, (Balance("u", "-d(u, s)"),)), {}),
    "splitting": brief_of(Equation(("u",), UNIT, (Balance("u", "d(u, s, s)/50 + 4*u*(1 - u)"),)), {}),
    "finite volumes": brief_of(Equation(("u",), UNIT, (Balance("u", "-d(u**2/2, s)"),)), {}),
    "gas": brief_of(
        Equation(
            ("rho", "v", "p"),
            UNIT,
            (
                Balance("rho", "-d(rho*v, s)"),
                Balance("rho*v", "-d(rho*v**2 + p, s)"),
                Balance(ENERGY, f"-d(({ENERGY} + p)*v, s)"),
            ),
            (),
            {"gamma": 1.4},
            (),
            ("rho", "p"),
        ),
        {},
    ),
    "method of lines": brief_of(
        Equation(("u",), (line(0, 1, WALL, "endpoints"),), (Balance("u", "d(u, s, s)/20 - u**3"),)), {}
    ),
    "steady finite volumes": steady_brief(
        Equation(("p",), SQUARE, (Balance("", f"d(a*d(p, x), x) + d(a*d(p, y), y) + {HUMP}"),), coefficients=("a",)), 17
    ),
}
SMOOTH = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(POINTS) + 0.5) / POINTS)[None]


def written(name: str, **choices: object) -> str:
    """The program for these choices of the family of that name."""
    return numerics.write(BRIEFS[name], {"family": name, **choices}).source


def valid(name: str) -> list[dict[str, str | float]]:
    """Every combination of blocks of the family of that name that its brief allows."""
    one, analysis = family(name), Analysis(BRIEFS[name].equation)
    unfit, kinds, found = one.objections(analysis), one.choices.kinds(), []
    for blocks in itertools.product(*(one.choices.options(kind) for kind in kinds)):
        try:
            choices = one.choices(**dict(zip(kinds, blocks, strict=True)))
        except InputError:
            continue
        if not any(block in unfit for block in blocks):
            found.append(choices.to_dict())
    return found


def rate(errors: list[float]) -> float:
    """The order that errors fall with when steps or cells are halved."""
    return float(np.log2(errors[0] / errors[-1])) / (len(errors) - 1)


def test_every_block_is_listed_once_with_a_source():
    listed = numerics.blocks()
    assert len({(block.kind, block.name) for block in listed}) == len(listed) > 25
    for block in listed:
        assert block.summary, block
        assert bool(block.source) == (block.cost > 0), block
        assert block.name.isidentifier(), block
    assert {block.name for block in numerics.blocks("flux")} == {"hllc", "rusanov"}


def test_a_kind_is_the_name_of_its_field():
    for one in families():
        assert one.choices.kinds(), one.name
        assert all(b.kind == kind for kind in one.choices.kinds() for b in one.choices.options(kind)), one.name


@pytest.mark.parametrize("name", BRIEFS)
def test_choices_of_all_variants_survive_json(name):
    brief = BRIEFS[name]
    analysis, found = Analysis(brief.equation, brief.parameters), 0
    for one in families():
        try:
            one.suits(analysis)
        except Unsuited:
            continue
        for variant in one.variants(analysis, brief):
            plain = json.loads(json.dumps(variant.choices.to_dict()))
            assert one.choose(analysis, plain) == variant.choices, variant.name
            found += 1
    assert found


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BRIEFS if name not in ("linear", "gas")])
def test_every_valid_combination_is_a_program_of_its_own(name):
    combinations = valid(name)
    sources = {written(name, **choices) for choices in combinations}
    assert len(sources) == len(combinations) > 1
    for source in sources:
        defined = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
        assert BRIEFS[name].signature.function in defined


@pytest.mark.slow
@pytest.mark.parametrize("name", ["spectral", "splitting", "finite volumes", "method of lines"])
def test_programs_of_any_choices_agree_in_a_sandbox(name):
    brief, start = BRIEFS[name], SMOOTH
    if name == "method of lines":
        start = np.sin(np.pi * np.linspace(0, 1, POINTS))[None] ** 2
    inputs, answers = {"u_start": start, "moments": TIMES}, []
    usual, *others = valid(name)
    with choose("process").open(Limits(seconds=120.0)) as session:
        for choices in (usual, others[-1]):
            result = session.call(written(name, **choices), "integrate", inputs, brief.signature.shapes(inputs))
            assert result.status == "ok", result.failure
            answers.append(result.outputs["u"])
    assert 0 < relative(answers[:1], answers[1:]) < 0.05


@pytest.mark.parametrize("reconstruction", FiniteVolumes.choices.options("reconstruction"), ids=lambda b: b.name)
def test_a_reconstruction_is_of_its_order(reconstruction):
    source, errors = written("finite volumes", reconstruction=reconstruction.name), []
    space = {"__name__": "solver"}
    exec(source, space)
    values_of = space["weno" if reconstruction is WENO5 else reconstruction.name]
    for cells in (32, 64, 128):
        faces = 2 * np.pi * np.arange(cells + 1) / cells
        averages = -np.diff(np.cos(faces)) * cells / (2 * np.pi)
        errors.append(np.abs(values_of(averages) - np.sin(faces[1:])).mean())
    assert rate(errors) == pytest.approx(reconstruction.order, abs=0.25)


@pytest.mark.parametrize("integrator", [SSPRK2, SSPRK3], ids=lambda b: b.name)
def test_an_explicit_integrator_is_of_its_order(integrator):
    space = {"__name__": "solver"}
    exec(written("finite volumes", integrator=integrator.name, reconstruction="constant"), space)

    def after(steps: int) -> np.ndarray:
        state = SMOOTH[None]
        for _ in range(steps):
            state = space["advance"](state, 0.1 / steps, 1 / POINTS)
        return state

    assert rate([relative([after(n)], [after(512)]) for n in (16, 32)]) == pytest.approx(integrator.order, abs=0.2)


@pytest.mark.parametrize(("extrapolation", "order"), [("none", 2), ("richardson", 4)])
def test_splitting_is_of_order_two_and_extrapolated_of_order_four(extrapolation, order):
    def after(steps: int) -> list[np.ndarray]:
        source = written("splitting", extrapolation=extrapolation, steps=steps)
        return solve(source, BRIEFS["splitting"], [SMOOTH])

    fine = after(200)
    assert rate([relative(after(n), fine) for n in (2, 4)]) == pytest.approx(order, abs=0.3)


@pytest.mark.slow
def test_etdrk4_is_of_order_four_in_the_step():
    def after(steps: int) -> list[np.ndarray]:
        source = written("spectral", refinement="one_pass", oversampling=1.0, courant=4.0, steps=steps)
        return solve(source, BRIEFS["spectral"], [SMOOTH])

    fine = after(128)
    assert rate([relative(after(n), fine) for n in (4, 8)]) == pytest.approx(4, abs=0.4)


def test_control_volumes_are_of_order_two_by_either_solver_and_extrapolated_of_order_four():
    name = "steady finite volumes"
    errors: dict[str, list[float]] = {"fast": [], "direct": [], "extrapolated": []}
    given = {"refinement": "as_given", "extrapolation": "none"}
    chosen = {"fast": given, "direct": {**given, "solver": "sparse_direct"}, "extrapolated": {}}
    for points in (9, 17, 33):
        x = np.linspace(0, 1, points)
        exact = np.sin(np.pi * x)[:, None] * np.sin(np.pi * x)[None, :]
        for label, choices in chosen.items():
            ours = call(written(name, **choices), BRIEFS[name], np.ones((1, points, points)))
            errors[label].append(relative([ours[0][0]], [exact]))
    assert errors["fast"] == pytest.approx(errors["direct"], rel=1e-4)
    assert rate(errors["fast"]) == pytest.approx(2, abs=0.1)
    assert rate(errors["extrapolated"]) == pytest.approx(4, abs=0.3)


def test_the_limiter_that_a_person_asks_for_is_told_in_the_plan():
    made = numerics.write(BRIEFS["finite volumes"], {"family": "finite volumes", "reconstruction": "van_leer"})
    assert VAN_LEER.title in made.plan.discretisation
    assert made.plan.resolution_control.startswith("reconstruction van_leer, flux rusanov:")
    assert numerics.write(BRIEFS["finite volumes"], made.choices) == made


@pytest.mark.parametrize(
    ("name", "choices", "sentence"),
    [
        (
            "finite volumes",
            {"flux": "hllc"},
            "The flux hllc does not fit: the fluxes are not those of an ideal gas; rusanov would be right.",
        ),
        ("spectral", {"integrator": "exponential"}, "etdrk4 would be right"),
        ("linear", {"family": "spectral", "integrator": "etdrk4"}, "exponential would be right"),
        ("linear", {"family": "splitting"}, "beside a reaction"),
    ],
)
def test_a_block_that_does_not_fit_the_equation_is_refused_with_what_would_be_right(name, choices, sentence):
    with pytest.raises(InputError) as refusal:
        numerics.write(BRIEFS[name], {"family": name, **choices})
    assert sentence in refusal.value.message
    assert "numerics.menu` says which families and blocks fit" in refusal.value.hint


@pytest.mark.parametrize("asked", [numerics.menu, lambda brief: numerics.write(brief, {"family": "spectral"})])
def test_a_task_without_an_equation_is_refused_with_a_way_out(asked):
    with pytest.raises(InputError, match=r"This task states no equation\. .*; a model may\."):
        asked(replace(BRIEFS["gas"], equation=None))


def test_typed_choices_are_held_to_the_equation_too():
    brief = BRIEFS["finite volumes"]
    with pytest.raises(Unsuited, match="rusanov would be right"):
        FiniteVolumes().source(Analysis(brief.equation, brief.parameters), brief, VolumesChoices(flux=HLLC))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "The choices name no family. Give one: spectral"),
        ({"family": "spektral"}, "There is no family of methods 'spektral'. Did you mean 'spectral'?"),
        ({"reconstruction": "weno7"}, "There is no reconstruction 'weno7' to choose. Did you mean 'weno5'?"),
        ({"limiter": "minmod"}, "There is no choice 'limiter'."),
        ({"courant": 7}, "courant is 7, out of range. Give from 0.01 to 1:"),
        ({"courant": "fast"}, "courant is 'fast', which is not a number."),
        ({"courant": True}, "courant is True, which is not a number."),
        ({"refinement": "split_cells", "factor": 4}, "factor is 4, out of range. Give an odd number from 3 to 31"),
        ({"refinement": "split_cells", "factor": 3.5}, "factor is 3.5, which is not whole."),
        ({"factor": 5}, "factor is a number of the refinement split_cells, which is not chosen."),
        ({"family": "steady finite volumes", "refinement": "as_given"}, "richardson combines two resolutions"),
        ({"family": "steady finite volumes", "fine": 5, "coarse": 5}, "coarse is 5, not below fine, 5."),
    ],
)
def test_choices_that_are_none_are_refused_in_a_sentence(given, sentence):
    usual = {"family": "finite volumes"} if given else {}
    chosen = {**usual, **given}
    brief = BRIEFS.get(str(chosen.get("family")), BRIEFS["finite volumes"])
    with pytest.raises(InputError) as refusal:
        numerics.write(brief, chosen)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_menu_says_what_fits_and_why_the_rest_does_not():
    menu = {course["family"]: course for course in json.loads(json.dumps(numerics.menu(BRIEFS["gas"])))}
    assert list(menu) == [one.name for one in families()]
    volumes = menu["finite volumes"]
    assert not volumes["why_not"]
    assert {block["name"]: block["why_not"] for block in volumes["blocks"]["flux"]} == {"hllc": "", "rusanov": ""}
    assert volumes["numbers"]["factor"]["of"] == ["refinement split_cells"]
    assert "steady" in menu["steady finite volumes"]["why_not"]
    fronts = {course["family"]: course for course in numerics.menu(BRIEFS["finite volumes"])}
    hllc = next(block for block in fronts["finite volumes"]["blocks"]["flux"] if block["name"] == "hllc")
    assert hllc["why_not"] == "the fluxes are not those of an ideal gas"


def test_a_fast_solver_is_not_offered_where_it_fails():
    brief = steady_brief(
        Equation(("p",), SQUARE, (Balance("", "d(a*d(p, x), x) + d(a*d(p, y), y) - p"),), coefficients=("a",)), 9
    )
    course = next(c for c in numerics.menu(brief) if c["family"] == "steady finite volumes")
    assert [b["name"] for b in course["blocks"]["solver"] if not b["why_not"]] == ["sparse_direct"]
    assert SINE_PCG.name not in numerics.write(brief, {"family": "steady finite volumes"}).choices.values()


PLUG_IN = """
from dataclasses import dataclass, replace

from fieldsmith.numerics import Block, Choices, Family, Variant, choice, number

EULER = Block("integrator", "euler", "forward Euler", "One evaluation a step", 1.0, "Euler, 1768")


@dataclass(frozen=True)
class EulerChoices(Choices):
    integrator: Block = choice(EULER)
    steps: int = number(10, 1, 1000, "steps between two output times")


class Euler(Family[EulerChoices]):
    name = "euler"
    choices = EulerChoices

    def suits(self, analysis):
        return 9.0

    def variants(self, analysis, brief):
        return (Variant("ten steps", EulerChoices()),)

    def text(self, analysis, brief, choices):
        return f"def {brief.signature.function}(*inputs):\\n    return {choices.steps}\\n"
"""


def test_a_family_of_a_plug_in_is_used_by_the_author(tmp_path, monkeypatch):
    points = {"fieldsmith.methods": "euler = euler_family:Euler\nspectral = euler_family:Euler\ntorn = nothing:Here"}
    distribution(tmp_path, "euler-family", {"euler_family": PLUG_IN}, points)
    monkeypatch.syspath_prepend(str(tmp_path))
    brief = BRIEFS["splitting"]
    proposal = NumericsAuthor().write(brief, Draft(), "1", [])
    assert proposal.plan.summary == "euler: ten steps"
    assert proposal.program.source.endswith("return 10\n")
    assert proposal.plan.time_integrator == "forward Euler"
    assert numerics.write(brief, {"family": "euler", "steps": 20}).source.endswith("return 20\n")
    assert "euler" in {block.name for block in numerics.blocks("integrator")}
    assert [one.name for one in families()].count("spectral") == 1


def test_choices_of_a_family_that_leaves_nothing_to_choose():
    assert Choices().to_dict() == {}
    with pytest.raises(InputError, match="There is nothing to choose"):
        Choices.from_dict({"order": 2})
