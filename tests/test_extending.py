"""What docs/extending.md shows is a package: its files are written, installed, and do what the page says."""

import importlib
import io
import json
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import numpy as np
import pytest

import command_line
from fieldsmith.orchestrator.record import load_run
from plug_ins import distribution, with_plug_ins

PAGE = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")
NAMED = r"```\w+\n(?:#|\{#) (\S+\.\w+)(?: #\})?\n(.*?)```"
FILES: dict[str, str] = dict(re.findall(NAMED, PAGE, re.DOTALL))
PARTS = [
    ("fieldsmith.tasks", "kuramoto-sivashinsky"),
    ("fieldsmith.tasks", "fitzhugh-nagumo"),
    ("fieldsmith.tasks", "charges"),
    ("fieldsmith.models", "folder"),
    ("fieldsmith.strategies", "pairs"),
    ("fieldsmith.methods", "lax-wendroff"),
]
WAVES = """```python
import numpy as np


def solver(u0, v0, t_coordinate, eps):
    w = np.stack([u0, v0])
    k = [2 * np.pi * np.fft.fftfreq(n, length / n) for n, length in zip(u0.shape[1:], (20, 15))]
    k = np.meshgrid(*k, indexing="ij")
    damping = np.array([1.0, 0.2])[:, None, None, None] * (k[0] ** 2 + k[1] ** 2)

    def rate(w):
        u, v = w
        return np.fft.ifft2(-damping * np.fft.fft2(w)).real + np.stack([u - u**3 - v, eps * (u - v)])

    frames = [w]
    for span in np.diff(t_coordinate):
        h = span / 30
        for _ in range(30):
            a = rate(w)
            b = rate(w + h / 2 * a)
            c = rate(w + h / 2 * b)
            w = w + h / 6 * (a + 2 * b + 2 * c + rate(w + h * c))
        frames.append(w)
    return tuple(np.stack(frames, axis=2))
```
"""
CHARGES = """```python
import numpy as np


def placed(start):
    p = start
    for _ in range({steps}):
        apart = p[:, None] - p
        cubed = np.linalg.norm(apart, axis=2) ** 3 + np.eye(len(p))
        p = p + 0.01 * (apart / cubed[..., None]).sum(axis=1)
        p = p / np.linalg.norm(p, axis=1, keepdims=True)
    return p
```
"""


def run(site: Path, *words: object) -> str:
    ran = command_line.run(*words, cwd=site.parent, env=with_plug_ins(site))
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return ran.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package's modules, which Python finds as it finds an installed one."""
    folder = tmp_path_factory.mktemp("my-plugins")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    points = {
        group: "\n".join(f"{name} = {target}" for name, target in named.items())
        for group, named in project["entry-points"].items()
    }
    return distribution(folder / "src", project["name"], {}, points, project["version"])


def replies(folder: Path, **texts: str) -> Path:
    folder.mkdir()
    for slot, text in texts.items():
        (folder / f"{slot.strip('_')}.md").write_text(text)
    return folder


def test_the_names_that_are_said_to_be_stable_are_all_and_there():
    rows = re.findall(r"^\| `(fieldsmith[\w.]*)` \| (.*?) \|", PAGE, re.MULTILINE)
    assert len(rows) == 11
    for room, names in rows:
        assert sorted(re.findall(r"`(\w+)`", names)) == sorted(importlib.import_module(room).__all__), room


@pytest.mark.slow
def test_doctor_lists_the_package_and_the_page_asks_for_nothing_else(site):
    told = json.loads(run(site, "doctor", "--json"))["plug_ins"]
    mine = {(one["group"], one["name"]): one["state"] for one in told if one["distribution"] == "my-plugins"}
    assert mine == dict.fromkeys(PARTS, "ok")
    for line in re.findall(r"^ +import .*|^from fieldsmith\S* import", "".join(FILES.values()), re.MULTILINE):
        assert re.match(r"from fieldsmith(\.(tasks|numerics|errors|models|strategies))? import", line), line


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "charges" else pytest.mark.slow)
        for group, name in PARTS
        if group == "fieldsmith.tasks"
    ],
)
@pytest.mark.slow
def test_tasks_are_sound(site, name):
    assert "residual" in run(site, "tasks", "check", name)


@pytest.mark.parametrize(("name", "most"), [("kuramoto_sivashinsky", 35), ("fitzhugh_nagumo", 60), ("charges", 35)])
def test_tasks_are_short(name, most):
    source = re.sub(r'"""[^"]*"""', "", FILES[f"src/my_plugins/{name}.py"])
    nothing = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    assert 10 < len({token.start[0] for token in tokens if token.type not in nothing}) <= most


@pytest.mark.slow
def test_a_task_in_one_dimension_is_solved_by_the_built_in_author(site, tmp_path):
    run(site, "solve", "kuramoto-sivashinsky", "--candidates", 1, "--sandbox", "process", "--run-dir", tmp_path / "run")
    best = load_run(tmp_path / "run").best
    assert best.candidate.evaluation.test.nrmse < 1e-3
    assert pictures(tmp_path / "run") == {"u"}


@pytest.mark.slow
def test_two_fields_in_two_dimensions_are_solved_through_the_model_of_the_page_and_its_replay(site, tmp_path):
    box = replies(tmp_path / "box", _1=WAVES)
    few = ("--candidates", 1, "--sandbox", "process")
    run(site, "solve", "fitzhugh-nagumo", "--model", f"folder:{box}", *few, "--run-dir", tmp_path / "run")
    (box / "1.md").unlink()
    run(
        site, "solve", "fitzhugh-nagumo", "--model", f"replay:{tmp_path / 'run'}", *few, "--run-dir", tmp_path / "again"
    )
    for folder in (tmp_path / "run", tmp_path / "again"):
        assert load_run(folder).best.candidate.evaluation.test.nrmse < 1e-2
        assert pictures(folder) == {"u", "v"}


def pictures(folder: Path) -> set[str]:
    """Results of which there are pictures: reference and error, of what is not zero."""
    told = json.loads((folder / "best" / "pictures.json").read_text())
    with np.load(folder / "best" / "pictures.npz") as stored:
        return {
            one["field"]
            for n, one in told.items()
            if f"{n}/reference" in stored and stored[f"{n}/reference"].any() and stored[f"{n}/error"].any()
        }


@pytest.mark.slow
def test_a_move_of_the_package_is_told_in_its_words_or_by_its_template(site, tmp_path):
    texts = {"_1": CHARGES.format(steps=5), "_2": CHARGES.format(steps=10), "j1": CHARGES.format(steps=300)}
    box = replies(tmp_path / "box", **texts)
    search = ("--strategy", "pairs", "--strategy-option", "drafts=2", "--candidates", 3, "--sandbox", "process")
    for folder, option in (("usual", ()), ("own", ("--prompts", "prompts"))):
        run(site, "solve", "charges", "--model", f"folder:{box}", *search, *option, "--run-dir", tmp_path / folder)
        record = load_run(tmp_path / folder)
        joined = record.candidates[-1]
        assert (joined.move, joined.parents, record.best.candidate.slot) == ("join", (2, 1), "j1")
        prompt = joined.proposal.prompt
        words = ("joins what is best", "the steps of the second")
        assert [said in prompt for said in words] == ([True, False] if folder == "usual" else [False, True])
        assert all(f"range({steps})" in prompt for steps in (5, 10))


@pytest.mark.slow
def test_a_move_of_the_package_has_turns_of_its_own(site, tmp_path):
    texts = {
        "_1": CHARGES.format(steps=5),
        "_2": CHARGES.format(steps=10),
        "j1": "The second, as it goes on for longer.",
    }
    told = {**texts, "j1+criticise": "Not long enough.", "j1+program": CHARGES.format(steps=300)}
    box = replies(tmp_path / "box", **told)
    search = ("--strategy", "pairs", "--strategy-option", "drafts=2", "--strategy-option", "weigh=true")
    place = ("--candidates", 3, "--sandbox", "process", "--prompts", "prompts", "--run-dir", tmp_path / "run")
    run(site, "solve", "charges", "--model", f"folder:{box}", *search, *place)
    weighed = load_run(tmp_path / "run").candidates[-1]
    assert (weighed.move, weighed.parents, weighed.ok) == ("weigh", (2, 1), True)
    for words in ("Which of these is better", texts["j1"], "Not long enough.", "the program that you have argued for"):
        assert words in weighed.proposal.prompt, words


@pytest.mark.slow
def test_the_family_writes_a_program_that_runs(site):
    snippet = re.findall(r"```python\n(import fieldsmith.*?)```", PAGE, re.DOTALL)[-1]
    ran = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, env=with_plug_ins(site))
    assert ran.returncode == 0, ran.stderr
    assert 1e-6 < float(ran.stdout) < 0.05
