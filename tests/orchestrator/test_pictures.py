"""What is drawn of a run: the best so far on the dev split while it goes on, the best on the test split in the end; what is
made of results of any dimensions; and where the values of a picture lie.
"""

from dataclasses import replace

import numpy as np
import pytest

from fieldsmith.equations.equation import Axis
from fieldsmith.orchestrator.byframe import error_by_frame
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.pictures import MOVING_VALUES, pictures_of
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import read_pictures, write_pictures
from fieldsmith.tasks import load
from fieldsmith.tasks.task import Argument, Case, Result, Signature


def test_the_best_so_far_can_be_looked_at_while_a_run_goes_on(tmp_path):
    folder = tmp_path / "run"
    ready = open_solve(Question("advection", folder, sandbox="process", candidates=2))
    seen, reports = [], []
    ready.listener = lambda kind, _: seen.append(read_pictures(folder)) if kind == "candidate" else None
    ready.write_report = lambda run, _: reports.append(run.state)
    run = ready.run()
    assert reports[0] == "running"
    assert reports[-1] == "done"
    assert {picture.split for picture in seen[0]} == {"dev"}
    assert run.best is not None
    assert {picture.split for picture in run.best.pictures} == {"test"}
    for split, pictures in (("dev", seen[0]), ("test", run.best.pictures)):
        reference = ready.task.split(split)[0].reference["u_batch"]
        for picture in pictures:
            np.testing.assert_array_equal(picture.reference[0], reference[picture.sample, 0])


def shipped(name, points):
    brief = load(name).brief()
    shape = (1, 51, points) if brief.span else (1, points, points)
    times = np.linspace(*(brief.span or (0.0, 1.0)), 51)
    inputs = {a.name: times for a in brief.signature.arguments if a.role == "times"}
    fields = {r.name: np.zeros(shape) for r in brief.signature.results}
    (drawn,) = pictures_of(brief, "dev", Case("c", inputs, fields, 0.0), fields).values()
    return drawn


def test_the_worst_sample_is_among_the_pictures_and_its_kind_is_named():
    brief = load("burgers").brief()
    fields = {"u_batch": np.ones((8, 3, 16))}
    inputs = {a.name: np.arange(3.0) for a in brief.signature.arguments if a.role == "times"}
    kinds = ("smooth",) * 5 + ("kinked",) * 3
    for worst, drawn in ((6, [0, 1, 6]), (1, [0, 1, 2])):
        errors = 1e-4 * np.arange(8) + (np.arange(8) == worst)
        outputs = {"u_batch": fields["u_batch"] * (1.0 + errors[:, None, None])}
        found = {
            p.sample: p.note
            for p in pictures_of(brief, "dev", Case("c", inputs, fields, kinds=kinds), outputs).values()
        }
        assert list(found) == drawn
        assert found[0] == "smooth"
        assert found[worst] == f"{kinds[worst]}, the largest error of all samples"


def test_cell_centres_and_thinned_points_keep_their_places():
    drawn = shipped("burgers", 1024)
    assert drawn.solution.shape == (51, 256)
    assert drawn.axes == ("t", "x")
    np.testing.assert_allclose(drawn.places[0], 0.04 * np.arange(51))
    np.testing.assert_allclose(drawn.places[1], (0.5 + 4 * np.arange(256)) / 1024)


def test_nodes_on_the_boundary_keep_their_places():
    drawn = shipped("darcy", 85)
    assert drawn.extent == (0.0, 1.0, 0.0, 1.0)
    np.testing.assert_allclose(drawn.places, [np.arange(85) / 84] * 2)


def test_the_coefficient_of_a_steady_field_lies_beside_it(tmp_path):
    brief, rng = load("darcy").brief(), np.random.default_rng(0)
    coefficient, fields = rng.random((2, 512, 512)), {"u": np.zeros((2, 512, 512))}
    pictures = pictures_of(brief, "test", Case("c", {"a": coefficient}, fields, 0.0), fields)
    write_pictures(tmp_path, pictures)
    drawn = read_pictures(tmp_path)
    assert {picture.given_name for picture in drawn} == {"coefficient a"}
    np.testing.assert_array_equal(drawn[1].given, coefficient[1, ::2, ::2])


TIMES = np.linspace(0.0, 1.0, 41) ** 2
AXES = tuple(Axis(name, 0.0, high) for name, high in (("x", 1.0), ("y", 2.0), ("z", 4.0)))


def made(results, equation=True, without_reference=False, **arrays):
    """Pictures of results, given as axes by name, whose values are `arrays` or count up from 0."""
    brief = load("darcy").brief()
    sizes = {"batch": 2, "time": 41, "x": 20, "y": 30, "z": 8, "species": 3, "mode": 50, "one": 1}
    found = {name: np.arange(float(np.prod([sizes[a] for a in axes]))) for name, axes in results.items()}
    found = {name: array.reshape([sizes[a] for a in results[name]]) for name, array in found.items()}
    brief = replace(
        brief,
        equation=replace(brief.equation, axes=AXES) if equation else None,
        signature=Signature(
            "solver",
            (Argument("t_out", "times", "", ("time",), "times"),),
            tuple(Result(name, "", axes, "") for name, axes in results.items()),
        ),
    )
    case = Case("c", {"t_out": TIMES}, {} if without_reference else found, 0.0)
    return list(pictures_of(brief, "dev", case, {**found, **arrays}).values()), found


def test_time_and_a_plane_move_and_end_with_the_last_frame():
    pictures, found = made({"u": ("batch", "time", "x", "y"), "v": ("batch", "time", "x", "y")})
    assert [(p.field, p.sample, p.axes) for p in pictures] == [(f, n, ("t", "x", "y")) for f in "uv" for n in (0, 1)]
    np.testing.assert_array_equal(pictures[0].solution[-1], found["u"][0, -1])
    assert len(pictures[0].solution) == len(pictures[0].places[0]) <= 16
    assert set(pictures[0].places[0]) <= set(TIMES)
    assert pictures[0].extent == (0.0, 1.0, 0.0, 1.0, 0.0, 2.0)


def test_many_large_moving_fields_stay_small(tmp_path):
    noise = np.random.default_rng(0).normal(size=(3, 41, 300, 200)).astype(float)
    axes = ("batch", "time", "x", "y")
    names = "abcd"
    brief = load("darcy").brief()
    brief = replace(brief, signature=Signature("f", (), tuple(Result(n, "", axes, "") for n in names)))
    fields = dict.fromkeys(names, noise)
    pictures = pictures_of(brief, "dev", Case("c", {}, fields, 0.0), fields)
    assert len(pictures) == 12
    assert sum(p.solution.size for p in pictures.values()) <= MOVING_VALUES
    write_pictures(tmp_path, pictures)
    assert (tmp_path / "best" / "pictures.npz").stat().st_size < 5_000_000
    read = read_pictures(tmp_path)
    np.testing.assert_allclose(read[0].solution, pictures["0"].solution, rtol=1e-6)


def test_what_has_more_dimensions_is_cut_through_the_middle_and_says_where():
    (first, *_), found = made({"u": ("batch", "x", "y", "z")})
    assert (first.axes, first.note) == (("x", "y"), "cut at z = 2.25")
    np.testing.assert_array_equal(first.solution, found["u"][0, :, :, 4])
    (first, *_), found = made({"u": ("batch", "time", "x", "y", "z")})
    assert first.axes == ("t", "x", "y")
    np.testing.assert_array_equal(first.solution[-1], found["u"][0, -1, :, :, 4])


def test_a_trajectory_is_a_line_for_each_component_without_an_equation():
    (first, second), found = made({"y": ("batch", "time", "species")}, equation=False)
    assert (first.axes, first.components) == (("t",), ("y[0]", "y[1]", "y[2]"))
    np.testing.assert_array_equal(second.solution, found["y"][1].T)
    np.testing.assert_array_equal(first.places[0], TIMES)


def test_without_an_equation_places_come_from_an_argument_along_the_axis():
    brief = load("darcy").brief()
    arguments = (Argument("noise", "initial", "", ("k",), ""), Argument("frequency", "initial", "", ("k",), ""))
    signature = Signature("f", arguments, (Result("power", "", ("k",), ""), Result("many", "", ("12",), "")))
    inputs = {"noise": np.array([3.0, 1.0, 2.0]), "frequency": np.array([1.0, 10.0, 100.0])}
    found = {"power": np.ones(3), "many": np.ones(12)}
    case = Case("c", inputs, found, 0.0)
    power, many = pictures_of(replace(brief, equation=None, signature=signature), "dev", case, found).values()
    assert power.axes == ("frequency",)
    assert power.places[0].tolist() == [1.0, 10.0, 100.0]
    assert many.axes == ("index",)


def test_short_axes_of_the_arguments_are_drawn_along_where_nothing_else_is():
    brief = load("darcy").brief()
    arguments = (Argument("matrix", "data", "", ("batch", "n", "n"), ""), Argument("t", "times", "", ("time",), ""))
    axes = {
        "inverse": ("batch", "n", "n"),
        "pivots": ("batch", "n"),
        "moments": ("batch", "n", "3"),
        "path": ("time", "n"),
    }
    results = tuple(Result(name, "", named, "") for name, named in axes.items())
    brief = replace(brief, equation=None, signature=Signature("f", arguments, results))
    inputs = {"matrix": np.ones((1, 3, 3)), "t": np.linspace(0.0, 1.0, 5)}
    found = {name: np.ones(shape) for name, shape in brief.signature.shapes(inputs).items()}
    drawn = {p.field: p for p in pictures_of(brief, "dev", Case("c", inputs, found, 0.0), found).values()}
    assert {field: (p.axes, len(p.components)) for field, p in drawn.items()} == {
        "inverse": (("n", "n"), 0),
        "pivots": (("n",), 1),
        "moments": (("n",), 3),
        "path": (("t",), 3),
    }


def test_components_of_a_field_are_fields_of_their_own():
    pictures, found = made({"u": ("species", "time", "x")})
    assert [p.field for p in pictures] == ["u[0]", "u[1]", "u[2]"]
    np.testing.assert_array_equal(pictures[1].solution, found["u"][1])


def test_numbers_are_kept_as_numbers():
    (scalar, few, many), _ = made({"a": (), "k": ("species",), "lambda": ("mode",)}, equation=False)
    assert (scalar.axes, scalar.solution.tolist(), scalar.components) == ((), [0.0], ("a",))
    assert (few.axes, few.components) == ((), ("k[0]", "k[1]", "k[2]"))
    assert (many.axes, many.solution.shape) == (("mode",), (1, 50))


def test_an_axis_of_one_value_is_no_axis():
    pictures, _ = made({"u": ("batch", "one", "x")})
    assert pictures[0].axes == ("x",)


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.zeros((2, 41, 20), complex), "u is not drawn: its values are not real numbers."),
        (np.zeros((2, 41, 20, 1)), "u is not drawn: it has 4 dimensions and 3 names for them."),
        (np.zeros((2, 41, 21)), "u is not drawn: its shape (2, 41, 21) is not the reference's, (2, 41, 20)."),
        (np.full((2, 41, 20), "x"), "u is not drawn: its values are not real numbers."),
    ],
)
def test_what_cannot_be_drawn_is_said_and_the_rest_is_drawn(array, why, tmp_path):
    (odd, *others), _ = made({"u": ("batch", "time", "x"), "v": ("batch", "time", "x")}, u=array)
    assert (odd.note, odd.axes, odd.solution.size) == (why, (), 0)
    assert [p.field for p in others] == ["v", "v"]


def test_pictures_of_every_kind_are_read_as_they_were_written(tmp_path):
    kinds = {"u": ("batch", "time", "x", "y"), "y": ("time", "species"), "k": (), "w": ("batch", "x", "y")}
    for alone in (False, True):
        written, _ = made(kinds, without_reference=alone, w=np.zeros(3))
        write_pictures(tmp_path, {str(n): p for n, p in enumerate(written)})
        for before, after in zip(written, read_pictures(tmp_path), strict=True):
            words = ("field", "sample", "axes", "extent", "components", "split", "note")
            assert [getattr(before, w) for w in words] == [getattr(after, w) for w in words]
            np.testing.assert_allclose(after.solution, before.solution, rtol=1e-6)
            for one, other in zip(before.places, after.places, strict=True):
                np.testing.assert_array_equal(one, other)
            assert (after.reference is None) == (before.reference is None)


def test_the_error_over_time_is_stored_for_each_kind_of_sample_beside_the_pictures(tmp_path):
    brief = load("burgers").brief()
    reference = {"u_batch": np.ones((3, 5, 16))}
    inputs = {a.name: np.linspace(0.0, 2.0, 5) for a in brief.signature.arguments if a.role == "times"}
    growth = np.array([1.0, 3.0, 10.0])[:, None, None] * np.linspace(0.0, 0.4, 5)[None, :, None]
    case = Case("c", inputs, reference, kinds=("smooth", "smooth", "kinked"))
    outputs = {"u_batch": reference["u_batch"] + growth}
    found = error_by_frame(brief, "test", case, outputs)
    write_pictures(tmp_path, {**pictures_of(brief, "test", case, outputs), **found})
    (lines,) = found.values()
    assert lines.components == ("smooth", "kinked")
    np.testing.assert_allclose(lines.solution, [np.linspace(0, 0.8, 5), np.linspace(0, 4, 5)])
    assert len(read_pictures(tmp_path)) == 3
    assert not error_by_frame(brief, "test", case, {"u_batch": np.ones((3, 4, 16))})


def test_a_run_keeps_the_error_over_time_of_its_best(tmp_path):
    run = open_solve(Question("advection", tmp_path / "run", sandbox="process", candidates=1)).run()
    assert run.best.by_frame.solution.shape[1] == 51
    assert (run.best.by_frame.split, run.best.by_frame.axes) == ("test", ("t",))
    steady = load("darcy").brief()
    shape = {"u": np.ones((1, 4, 4))}
    assert not error_by_frame(steady, "test", Case("c", {}, shape), shape)
