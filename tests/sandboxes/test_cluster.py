"""Programs on the nodes of a Ray cluster: two nodes on this machine, and what becomes of a run when one of them dies."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import command_line
import ray_nodes
from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes.cluster.place import Place, Wanted
from fieldsmith.sandboxes.sandbox import CallResult, Limits

PROGRAM = "import numpy as np\ndef f(x):\n    return 2 * x\n"
WAITS = "import time\ndef f(x):\n    time.sleep(60)\n    return x\n"
AUTHOR = '''
import random, sys
sys.stdin.read()
print("```python")
print("import time")
print("import numpy as np")
print(f"# {random.random()}")
print("""def solver(u0_batch, t_coordinate, beta):
    time.sleep(0.4)
    return np.repeat(u0_batch[:, None, :], len(t_coordinate), axis=1)""")
print("```")
'''


@pytest.fixture
def place():
    with_one = Place(Wanted("process"))
    with_one._sandbox = Wanted("process").choose()  # as `about` does on a node
    yield with_one
    with_one.close()


def called(place: Place, number: int, program: str = PROGRAM) -> CallResult:
    result = place.call(number, Limits(), program, "f", ("x",), {"y": (3,)}, None, np.ones(3))
    assert isinstance(result, CallResult)
    return result


def test_a_session_is_not_ended_by_the_end_of_one_that_began_later(place):
    assert called(place, 7).status == "ok"
    place.end(7)
    assert called(place, 3).status == "ok"
    place.end(5)  # its first call comes too late
    assert called(place, 5).status == "crashed"


def test_two_programs_in_one_place_do_not_meet(place):
    keeps = "import builtins\ndef f(x):\n    builtins.left = 1\n    return x\n"
    looks = "import builtins\ndef f(x):\n    return x + hasattr(builtins, 'left')\n"
    called(place, 1, keeps)
    assert called(place, 2, looks).outputs["y"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.slow
def test_a_call_ends_when_its_session_is_ended(place):
    threading.Timer(1.0, place.end, [1]).start()
    begun = time.monotonic()
    assert called(place, 1, WAITS).status == "crashed"
    assert time.monotonic() - begun < 50.0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--address", "127.0.0.1:6379"], 2, "--address goes with --engine ray"),
        (["--engine", "slurm"], 2, "There is no engine 'slurm'"),
        (["--engine", "ray", "--address", "nowhere"], 3, "an address is HOST:PORT"),
        (["--engine", "ray", "--address", "127.0.0.1:1"], 3, "No Ray cluster answers at 127.0.0.1:1"),
    ],
)
@pytest.mark.slow
def test_an_engine_that_is_not_there_is_said_in_one_line(tmp_path, words, code, said):
    told = command_line.run("solve", "advection", "--run-dir", tmp_path / "run", *words)
    assert (told.returncode, told.stdout) == (code, "")
    (line,) = told.stderr.strip().splitlines()
    assert said in line


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
@pytest.mark.slow
def test_a_benchmark_looks_at_its_cluster_before_its_first_cell(tmp_path, more):
    words = ["bench", "smoke", "--engine", "ray", "--address", "127.0.0.1:1", "--out", tmp_path / "grid", *more]
    told = command_line.run(*words)
    assert (told.returncode, told.stdout) == (3, "")
    (line,) = told.stderr.strip().splitlines()
    assert "No Ray cluster answers at 127.0.0.1:1" in line
    assert not (tmp_path / "grid").exists()


def test_without_ray_the_extra_is_named(monkeypatch):
    from fieldsmith.sandboxes.cluster.ray_sandbox import connect

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingPart, match=r"pip install 'fieldsmith\[ray\]'"):
        connect("", Wanted("process"), 1.0, 1)


@pytest.mark.slow
@pytest.mark.needs("bubblewrap")
def test_a_node_that_dies_costs_no_program_its_verdict(tmp_path):
    """Two nodes and one that lacks the sandbox; one of the two is killed while programs run on it."""
    author = tmp_path / "author.py"
    author.write_text(AUTHOR, encoding="utf-8")
    run, bare = tmp_path / "run", tmp_path / "bin"
    bare.mkdir()
    for name in ("ps", "uname", "env", "sh", "bash", "cat", "grep"):
        if found := shutil.which(name):
            (bare / name).symlink_to(found)
    with ray_nodes.cluster(nodes=2) as (address, nodes):
        lacking = ray_nodes.Node(f"--address={address}", "--num-cpus=1", env={"PATH": str(bare)})
        try:
            ray_nodes.until(lambda: ray_nodes.alive(address) == 4)
            words = ["solve", "advection", "--engine", "ray", "--address", address, "--sandbox", "bubblewrap"]
            words += ["--model", f"command:{sys.executable} {author}", "--strategy", "best-of-n", "--debug-rounds", "0"]
            words += ["--candidates", "14", "--in-flight", "4", "--json", "--run-dir", str(run)]
            solving = subprocess.Popen(
                [*command_line.COMMAND, *words],
                env={**os.environ, **ray_nodes.QUIET},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert solving.stdout is not None
            events = [json.loads(solving.stdout.readline())]
            while sum(event["event"] == "candidate" for event in events) < 4:
                events.append(json.loads(solving.stdout.readline()))
            nodes[0].kill()
            out, err = solving.communicate(timeout=300)
        finally:
            lacking.kill()
    assert solving.returncode == 0, err
    events += [json.loads(line) for line in out.splitlines()]
    made = [event for event in events if event["event"] == "candidate"]
    assert sorted(event["slot"] for event in made) == sorted(str(n) for n in range(1, 15))
    assert {event["status"] for event in made} == {"ok"}
    told = [event["message"] for event in events if event["event"] == "note"]
    assert len([words for words in told if "is not used" in words and "ubblewrap" in words]) == 1
    assert events[-1]["event"] == "result"


def test_the_slurm_script_starts_a_head_and_workers_and_ends_with_the_benchmark(tmp_path):
    """SLURM's commands and Ray's are played by scripts that write down how they are called."""
    log, tools = tmp_path / "log", tmp_path / "tools"
    tools.mkdir()
    play = f'#!/bin/bash\necho "$(basename "$0") $*" >> {log}\n'
    (tools / "scontrol").write_text("#!/bin/bash\nprintf 'n1\\nn2\\nn3\\n'\n")
    (tools / "srun").write_text(play + "exec sleep 30\n")
    (tools / "ray").write_text(play)
    (tools / "fieldsmith").write_text(f"{play}until [ $(grep -c srun {log}) = 3 ]; do sleep 0.1; done\nexit 4\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / "bin").symlink_to(tools)
    env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "FIELDSMITH_VENV": str(venv)}
    env |= {"SLURM_JOB_NODELIST": "n[1-3]", "SLURM_CPUS_PER_TASK": "16", "SLURM_JOB_ID": "7"}
    script = Path(__file__).parents[2] / "examples" / "cluster" / "slurm.sh"
    words = ["bash", script, "codepde", "--in-flight", "8", "--cells", "burgers */refine"]
    ran = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 4, ran.stderr  # the benchmark's own code
    called = log.read_text().splitlines()
    assert sum(line.startswith("srun") and "--head" in line and "-w n1" in line for line in called) == 1
    assert sum(line.startswith("srun") and "--address=n1:6379" in line for line in called) == 2
    (bench,) = [line for line in called if line.startswith("fieldsmith")]
    own = "fieldsmith bench codepde --engine ray --address n1:6379 --at-once 3"
    assert bench == f"{own} --in-flight 8 --cells burgers */refine"


def test_the_manifest_for_kubernetes_says_what_workers_need():
    import yaml

    text = (Path(__file__).parents[2] / "examples" / "cluster" / "raycluster.yaml").read_text(encoding="utf-8")
    spec = yaml.safe_load(text)["spec"]
    assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    (group,) = spec["workerGroupSpecs"]
    pod = group["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"]["procMount"] == "Unmasked"
    assert container["resources"]["requests"] == container["resources"]["limits"]
