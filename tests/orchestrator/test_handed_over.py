"""What a run on a problem of one's own leaves: the solution, its pictures with the problem's own coordinates, the film, a program that runs by itself."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fieldsmith as fs
from asked_problems import OneProgram, brief_of, exact_outputs, exact_task
from fieldsmith.boxes.asked import asked_inputs
from fieldsmith.boxes.form import Form
from fieldsmith.errors import MissingPart
from fieldsmith.face.run import Run
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.film import GREYS, LEVELS, MOST_BYTES, Film, Panel, as_gif, palette, write_film
from fieldsmith.orchestrator.handed import hand_over, trust_of
from fieldsmith.orchestrator.problem_pictures import film_of, problem_pictures
from fieldsmith.orchestrator.solution import Trust, solution_of
from fieldsmith.problems import Problem
from fieldsmith.tasks.task import Case

EXAMPLES = Path(__file__).parents[2] / "examples" / "problems"
DRUM = """import numpy as np


def solver(u0, u_t0, x, y, t_coordinate, c):
    x, y, t = x[:, None], y[None, :], t_coordinate[:, None, None]
    w, pi = np.sqrt(5) * np.pi * c, np.pi
    first = np.sin(pi * x) * np.sin(2 * pi * y) * np.cos(w * t)
    return (1 + 1e-5) * (first + 3 * np.sin(2 * pi * x) * np.sin(pi * y) * np.sin(w * t) / w)[None]
"""


def problem(name: str, **output) -> Problem:
    read = Problem.from_toml(EXAMPLES / f"{name}.toml")
    return Problem(**{**read.document, "output": {**read.output, **output}})


def solved(folder: Path, asked: bool = True) -> Run:
    task = exact_task(problem("drum", points={"x": 17, "y": 9}, times=5), asked)
    return fs.solve(task, folder, author=OneProgram(DRUM), sandbox="process", candidates=1, quiet=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return solved(tmp_path_factory.mktemp("runs") / "drum")


@pytest.mark.slow
def test_the_solution_is_a_dataset(run):
    found = run.solution
    assert found.u.dims == ("t", "y", "x")
    assert found.sizes == {"t": 5, "x": 17, "y": 9}
    assert found.attrs["error_stated"] == pytest.approx(1e-5, rel=1e-3)
    assert found.attrs["error_measured_against"] == "exact"
    assert found.attrs["program_sha256"] == run.best.candidate.program.sha256
    np.testing.assert_allclose(
        found.u.transpose("t", "x", "y"), 1.00001 * exact_outputs(run.task.form)["u"][0], atol=1e-12
    )


def test_datasets_without_xarray_and_runs_without_a_solution_say_so(run, tmp_path, monkeypatch):
    with pytest.raises(LookupError, match="has no solution"):
        _ = Run(replace(run.record, folder=tmp_path)).solution
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingPart, match="xarray"):
        _ = fs.open_run(run.folder, run.task).solution


def test_the_best_program_of_any_author_runs_by_itself(run, tmp_path):
    command = [sys.executable, run.folder / "best" / "solver.py", "--points", "x=9,y=17", "--c", "2", "--out", "u.npz"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Solved on 9 x 17 points at 5 times, c = 2: ")
    with np.load(tmp_path / "u.npz") as found:
        np.testing.assert_allclose(
            found["u"][0, :, 8], 1.00001 * np.sin(np.pi * found["x"]) * np.sin(np.pi), atol=1e-12
        )


def test_the_film_has_a_frame_for_each_time_and_stands_in_the_report(run):
    with Image.open(run.folder / "best" / "film.gif") as film:
        assert film.n_frames == 5
        assert film.format == "GIF"
    page = run.report.read_text()
    assert '<img src="data:image/gif;base64,R0lGOD' in page
    assert len(page) < 6_000_000


@pytest.mark.slow
def test_a_solution_that_no_scored_call_gives_is_computed_once_more(tmp_path):
    found = solved(tmp_path / "other", asked=False).solution
    assert found.sizes == {"t": 5, "x": 17, "y": 9}
    assert "error_stated" not in found.attrs


@pytest.mark.slow
def test_a_program_that_fails_where_it_is_asked_leaves_a_note(tmp_path, capsys):
    task = exact_task(problem("drum", points=9, times=5), asked=False)
    source = DRUM.replace("    w, pi", "    assert x.size == 6, 'too many'\n    w, pi")
    run = fs.solve(task, tmp_path / "a", author=OneProgram(source), sandbox="process", candidates=1)
    assert run.state == "done"
    assert "Called for what was asked, the chosen program ended with crashed" in capsys.readouterr().err
    assert not (tmp_path / "a" / "best" / "solution.nc").exists()


@pytest.fixture(scope="module")
def pictures():
    def drawn(name: str, **output):
        form = Form(problem(name, **output))
        outputs = exact_outputs(form)
        case = Case("asked", asked_inputs(form), outputs, np.zeros(1))
        return form, problem_pictures(brief_of(form), "test", case, outputs)

    return drawn


def test_axes_have_the_problems_names_ends_and_units(pictures):
    _, found = pictures("option", points=31, times=4)
    (picture,) = found.values()
    assert (picture.axes, picture.labels, picture.time) == (("tau", "S"), ("tau [a]", "S [USD]"), "tau")
    assert picture.extent == (0.0, 1.0, 0.0, 300.0)
    np.testing.assert_allclose(picture.places[1], np.linspace(0, 300, 31))
    assert "values in USD" in picture.note
    _, found = pictures("soliton", points=32, times=3)
    (picture,) = found.values()
    assert picture.extent == (0.0, 0.4, -20.0, 20.0)  # periodic: the grid ends before the domain does
    np.testing.assert_allclose(picture.places[1], -20 + 40 * np.arange(32) / 32)


def test_pictures_keep_their_labels_in_a_run(pictures, tmp_path):
    _, found = pictures("option", points=31, times=4)
    record.write_pictures(tmp_path, found)
    (again,) = record.read_pictures(tmp_path)
    assert (again.labels, again.time) == (("tau [a]", "S [USD]"), "tau")


def test_of_a_complex_unknown_modulus_and_real_part_are_drawn(pictures):
    form, found = pictures("oscillator", points=33, times=5)
    outputs = exact_outputs(form)
    assert [picture.field for picture in found.values()] == ["|psi|", "Re psi"]
    modulus, real = (picture.solution for picture in found.values())
    np.testing.assert_allclose(modulus, np.hypot(outputs["psi_real"], outputs["psi_imag"])[0])
    np.testing.assert_array_equal(real, outputs["psi_real"][0])


def test_three_dimensions_are_cut_through_the_middle_at_the_last_time():
    form = Form(problem("blob", points={"x": 5, "y": 7, "z": 9}, times=3))
    inputs = asked_inputs(form)
    values = np.random.default_rng(0).standard_normal((1, 3, 5, 7, 9))
    found = problem_pictures(brief_of(form), "test", Case("asked", inputs, {}), {"u": values})
    assert [p.field for p in found.values()] == ["u at z = 0", "u at y = 0", "u at x = 0"]
    assert [p.axes for p in found.values()] == [("x", "y"), ("x", "z"), ("y", "z")]
    cuts = (values[0, -1, :, :, 4], values[0, -1, :, 3], values[0, -1, 2])
    for picture, cut in zip(found.values(), cuts, strict=True):
        np.testing.assert_array_equal(picture.solution, cut)
        assert "at the last time" in picture.note


def test_only_planes_in_time_are_filmed(tmp_path):
    for name, yes in (("drum", True), ("soliton", False)):
        form = Form(problem(name, points=9, times=3))
        solution = solution_of(form, asked_inputs(form), exact_outputs(form), Trust(None, "exact", ""))
        film = film_of(form, solution)
        assert bool(film) == yes
    form = Form(problem("drum", points={"x": 9, "y": 5}, times=3))
    film = film_of(form, solution_of(form, asked_inputs(form), exact_outputs(form), Trust(None, "exact", "")))
    assert film is not None
    assert film.panels[0].values.shape == (3, 9, 5)


def panel(values, periodic=False) -> Panel:
    count = values.shape[1]
    places = np.arange(count) / (count if periodic else count - 1)
    return Panel("u", values, (places, places), (0.0, 1.0, 0.0, 1.0), ("x [m²]", "y"), (periodic, periodic))


def test_colours_mean_the_same_in_all_frames_and_lie_where_the_values_do():
    x = np.linspace(0, 1, 11)
    values = np.stack([x[:, None] + 0 * x, 0.5 * x[:, None] + 0 * x, 0 * x[:, None] + x])
    one = panel(values)
    first, half, up = (one.pixels(n, 100) for n in range(3))
    wide = (np.arange(100) + 0.5) / 100
    np.testing.assert_allclose(first[0], wide * (LEVELS - 1), atol=0.5)
    np.testing.assert_allclose(half[50], 0.5 * wide * (LEVELS - 1), atol=0.5)
    np.testing.assert_allclose(up[:, 3], wide[::-1] * (LEVELS - 1), atol=0.5)  # y goes upwards


def test_a_periodic_plane_is_drawn_round_to_where_it_began():
    x = np.arange(16) / 16
    shown = panel(np.sin(2 * np.pi * x)[None, :, None] + 0 * x, periodic=True).pixels(0, 64)[0]
    wanted = (np.sin(2 * np.pi * (np.arange(64) + 0.5) / 64) + 1) / 2 * (LEVELS - 1)
    np.testing.assert_allclose(shown, wanted, atol=2.0)


@pytest.mark.slow
def test_a_film_of_noise_is_made_small_enough(tmp_path):
    noise = np.random.default_rng(0).standard_normal((30, 64, 64))
    film = Film([panel(noise), panel(-noise)], np.linspace(0, 1, 30), "t", "µs")
    write_film(tmp_path, film)
    assert (tmp_path / "film.gif").stat().st_size <= MOST_BYTES
    with Image.open(tmp_path / "film.gif") as found:
        assert found.n_frames >= 12


def test_a_film_is_a_video_too_where_ffmpeg_is_found(tmp_path, monkeypatch):
    film = Film([panel(np.random.default_rng(0).random((4, 16, 16)))], np.linspace(0, 1, 4), "t", "s")
    written = write_film(tmp_path, film)
    assert [file.name for file in written] == ["film.gif", "film.mp4"][: 1 + bool(shutil.which("ffmpeg"))]
    for file in written[1:]:
        head = file.read_bytes()[:64]
        assert head[4:8] == b"ftyp"
    monkeypatch.setenv("PATH", "")
    assert [file.name for file in write_film(tmp_path, film)] == ["film.gif"]
    assert not (tmp_path / "film.mp4").exists()  # an earlier one shows another film


def test_a_film_survives_constants_and_what_is_not_finite():
    values = np.zeros((2, 8, 8))
    values[1, 3, 3] = np.nan
    frames = Film([panel(values)], np.array([0.0, 1.0]), "t").frames(10, 60)
    assert len(frames) == 2
    assert as_gif(frames).startswith(b"GIF8")
    assert frames[0].getextrema()[1] < LEVELS + GREYS


def test_the_colours_of_a_film_rise_evenly_in_lightness():
    colours = palette()[:LEVELS] / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    lightness = 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16
    steps = np.diff(lightness)
    assert steps.min() > 0
    assert steps.max() < 3 * steps.mean()


def test_how_an_error_was_measured_is_told():
    form = Form(problem("drum", points=9, times=3))
    outputs = exact_outputs(form)
    case = Case("asked", asked_inputs(form), outputs, np.zeros(1))
    program = OneProgram(DRUM).write(None, None, "", []).program
    for how in ("exact", "two methods", "one method"):
        assert trust_of(brief_of(form), program, (case, outputs), None, how) == Trust(0.0, how, program.sha256, 0.0)
    unknown = Case("asked", {}, {}), outputs
    for estimate, how in ((1e-3, "estimate"), (None, "not known")):
        assert trust_of(brief_of(form), program, unknown, estimate, "not known") == Trust(estimate, how, program.sha256)


def test_what_an_earlier_program_has_left_goes(tmp_path):
    (tmp_path / "best").mkdir()
    for name in ("solution.nc", "film.gif"):
        (tmp_path / "best" / name).write_bytes(b"old")
    form = Form(problem("drum", points=9, times=3))
    program = OneProgram(DRUM).write(None, None, "", []).program
    assert hand_over(tmp_path, brief_of(form), program, None, None, "exact") == ({}, None)
    assert list((tmp_path / "best").iterdir()) == []
