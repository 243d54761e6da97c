"""`fieldsmith report RUN --figures DIR`: the plots of a real run for a paper."""

import io
import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import command_line
from fieldsmith.errors import InputError
from fieldsmith.reports.figures import write_figures
from report_runs import candidate, finished, moving, picture, run_of, trajectory, undrawn, values

PLOTS = {
    "error-against-time", "best-against-candidates", "best-against-tokens", "best-against-seconds", "convergence",
    "error-over-time", "fields-u-0", "fields-u-1", "fields-v-0",
}  # fmt: skip


@pytest.mark.slow
def test_every_plot_is_written_as_pdf_and_png(tmp_path):
    files = write_figures(finished(), tmp_path / "new" / "folder")
    assert {file.stem for file in files} == PLOTS
    assert {file.suffix for file in files} == {".pdf", ".png"}
    for file in files:
        content = file.read_bytes()
        if file.suffix == ".png":
            image = Image.open(io.BytesIO(content)).convert("RGB")
            assert image.width >= 1000
            assert len(image.getcolors(1 << 24)) > 20
        else:
            assert content.startswith(b"%PDF")
            assert content.rstrip().endswith(b"%%EOF")


@pytest.mark.slow
def test_the_same_run_gives_the_same_files(tmp_path):
    best = candidate(1, 1e-3)
    first, second = (write_figures(run_of([best], best, [picture("u", 0)]), tmp_path / name) for name in "ab")
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]


@pytest.mark.slow
def test_names_with_formula_signs_are_drawn_as_text(tmp_path):
    best = candidate(1, 1e-3, move="a$b^{")
    steady = picture("$\\x{", 0, ("x", "$y"), (0.0, 1.0, 0.0, 1.0))
    assert len(write_figures(run_of([best, candidate(2, 1e-2)], best, [steady]), tmp_path)) > 6


@pytest.mark.slow
def test_pictures_of_every_kind_are_drawn_and_numbers_are_not(tmp_path):
    uneven = replace(picture("w", 0), places=(np.linspace(0, 2, 51) ** 2 / 2, np.linspace(0, 1, 128)))
    alone = [replace(moving("v"), reference=None), trajectory("z", ("z",), reference=False)]
    best = candidate(1, 1e-3)
    run = run_of([best], best, [moving("u"), trajectory("y"), uneven, *alone, values("k", 1.0), undrawn("c")])
    drawn = {file.stem: file for file in write_figures(run, tmp_path) if file.stem.startswith("fields")}
    assert set(drawn) == {f"fields-{name}-0" for name in "uyvwz"}
    for file in drawn.values():
        assert len(Image.open(file.with_suffix(".png")).convert("RGB").getcolors(1 << 24)) > 20


def test_a_run_without_results_has_no_figures(tmp_path):
    assert write_figures(run_of([candidate(1, None)]), tmp_path) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--figures"):
        write_figures(finished(), tmp_path / "file")


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """A run of one candidate, from the command line."""
    folder = tmp_path_factory.mktemp("solved") / "run"
    words = ["solve", "advection", "--sandbox", "process", "--candidates", "1", "--quiet", "--run-dir", str(folder)]
    ran = fieldsmith(*words)
    assert ran.returncode == 0, ran.stderr
    return folder


def fieldsmith(*words, **environment):
    return command_line.run(*words, env={**os.environ, **environment})


@pytest.mark.slow
def test_the_command_says_which_files_it_wrote(solved, tmp_path):
    ran = fieldsmith("report", str(solved), "--figures", str(tmp_path / "figures"))
    assert ran.returncode == 0, ran.stderr
    written = [line for line in ran.stdout.splitlines() if line.endswith((".pdf", ".png"))]
    assert sorted(written) == sorted(str(file) for file in (tmp_path / "figures").iterdir())
    assert any("fields-u-0" in line for line in written)


def test_without_matplotlib_one_line_says_what_to_install(solved, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('not here')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    ran = fieldsmith("report", str(solved), "--figures", str(tmp_path / "figures"), PYTHONPATH=path)
    assert ran.returncode == 3
    assert ran.stderr.count("\n") == 1
    assert "fieldsmith[plots]" in ran.stderr
