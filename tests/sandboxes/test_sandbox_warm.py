"""Workers that are forked from a warm parent: what one candidate does is nothing to the next, whatever ends is replaced."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes import bubblewrap, choose, process, warm
from fieldsmith.sandboxes.local import launch
from fieldsmith.sandboxes.session import ready
from fieldsmith.sandboxes.watched import end_group
from sandbox_calls import LIMITS, run, wait_until

WARM = [pytest.param("bubblewrap", marks=pytest.mark.needs("bubblewrap")), "process"]
SECRET = b"what only the first candidate knows"
SEARCH = f"""
def found(backwards):
    # The secret itself must not come to lie in this memory by the search for it.
    import re
    count = 0
    for line in open("/proc/self/maps"):
        begin, end = (int(word, 16) for word in line.split()[0].split("-"))
        if " r" not in line or "[v" in line:
            continue
        with open("/proc/self/mem", "rb", 0) as memory:
            try:
                memory.seek(begin)
                count += memory.read(end - begin)[::-1].count(backwards)
            except (OSError, ValueError, OverflowError):
                pass
    return count
BACKWARDS = {SECRET[::-1]!r}
"""
KEEPS = f"""{SEARCH}
import builtins, json, os, random, sys
import numpy as np

def f(a):
    secret = BACKWARDS[::-1]
    np.secret = np.frombuffer(secret * 1000, np.uint8).copy()
    builtins.secret = sys.modules["of the first"] = json.secret = secret
    sys.path.append("/of/the/first")
    os.environ["SECRET"] = secret.decode()
    os.umask(0)
    open("kept", "wb").write(secret)
    os.mkdir("folder")
    os.chdir("folder")
    print(secret)
    return a * (found(BACKWARDS) > 1000)
"""
FINDS = f"""{SEARCH}
import builtins, json, os, sys
import numpy as np

def f(a):
    assert not {{"kept", "folder"}} & set(os.listdir(".")) and os.getcwd() != "/"
    assert "SECRET" not in os.environ and "/of/the/first" not in sys.path and "of the first" not in sys.modules
    assert not any(hasattr(module, "secret") for module in (np, builtins, json))
    assert os.umask(0o22) != 0
    return a * (1 + found(BACKWARDS))
"""


@pytest.fixture(params=WARM)
def sandbox(request):
    with choose(request.param, trusted=True) as sandbox:
        yield sandbox


def parent_of(sandbox) -> int:
    """The process that holds the warm parent."""
    (parent,) = sandbox._parents._parents.values()
    return parent._process.process.pid


def forking(sandbox) -> int:
    """The warm parent itself, which bubblewrap watches."""
    pid = parent_of(sandbox)
    return descendants(pid)[0] if sandbox.name == "bubblewrap" else pid


def good(sandbox) -> bool:
    with sandbox.open(LIMITS) as session:
        return run(session, "def f(a):\n    return 2 * a\n").status == "ok"


@pytest.mark.slow
def test_nothing_of_a_candidate_is_there_for_the_next(sandbox):
    with sandbox.open(LIMITS) as session:
        first = run(session, KEEPS, np.ones(3))
    with sandbox.open(LIMITS) as session:
        second = run(session, FINDS, np.ones(3))
    assert first.status == "ok", first.failure
    assert first.outputs["y"].all()  # the search finds what is there
    assert second.status == "ok", second.failure
    assert second.outputs["y"].tolist() == [1.0] * 3


def test_a_candidate_has_chance_numbers_of_its_own(sandbox):
    drawn = []
    for _ in range(2):
        with sandbox.open(LIMITS) as session:
            # By names that do not tell, so that no call is seeded for itself.
            source = "import numpy\nname = 'ran' + 'dom'\ndef f(a):\n    return [__import__(name).random(), *getattr(numpy, name).rand(2)]\n"
            drawn.append(run(session, source).outputs["y"].tolist())
    assert not set(drawn[0]) & set(drawn[1])


def test_no_memory_is_shared_with_the_parent(sandbox):
    source = "def f(a):\n    for line in open('/proc/self/maps'):\n        assert not line.split()[1].startswith('rw') or line.split()[1][3] == 'p', line\n    return a\n"
    with sandbox.open(LIMITS) as session:
        result = run(session, source)
    assert result.status == "ok", result.failure


@pytest.mark.needs("bubblewrap")
def test_two_candidates_at_a_time_see_nothing_of_each_other():
    looks = (
        "import os\nKINDS = ('mnt', 'pid', 'ipc', 'net', 'uts')\ndef f(a):\n    open('/tmp/mine', 'w').write('x')\n    open('/dev/shm/mine', 'w').write('x')\n"
        "    assert set(filter(str.isdigit, os.listdir('/proc'))) == {'1', str(os.getpid())}, os.listdir('/proc')\n"
        "    return [os.stat('/proc/self/ns/' + kind).st_ino for kind in KINDS] + [os.getuid()]\n"
    )
    with choose("bubblewrap") as sandbox, sandbox.open(LIMITS) as one, sandbox.open(LIMITS) as other:
        spaces = [run(session, looks, shape=(6,)) for session in (one, other)]
        assert [result.status for result in spaces] == ["ok", "ok"], spaces
        again = run(
            other,
            "import os\ndef f(a):\n    return [os.path.exists(p + '/mine') for p in ('/tmp', '/dev/shm')]\n",
            shape=(2,),
        )
    first, second = (result.outputs["y"] for result in spaces)
    assert (first[:5] != second[:5]).all()
    assert os.geteuid() != 0 or first[5] != second[5]
    assert not again.outputs["y"].any()


@pytest.mark.needs("bubblewrap")
def test_a_worker_has_no_right_left():
    source = "def f(a):\n    told = dict(line.split(':', 1) for line in open('/proc/self/status'))\n    return [int(told['Cap' + k], 16) for k in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb')]\n"
    with choose("bubblewrap") as sandbox, sandbox.open(LIMITS) as session:
        assert not run(session, source, shape=(5,)).outputs["y"].any()


ENDS = {
    "all that it can reach": "import os, signal\ndef f(a):\n    for pid in [os.getppid(), 1, 2, *range(3, 50)]:\n        if pid not in (0, os.getpid()):\n            try: os.kill(pid, 9)\n            except OSError: pass\n    return 2 * a\n",
    "scratch": "def f(a):\n    with open('big', 'wb') as stream:\n        while True: stream.write(bytes(1 << 20))\n",
    "daemons": "import os, time\ndef f(a):\n    for _ in range(5):\n        if os.fork() == 0:\n            os.setsid()\n            if os.fork() == 0: time.sleep(1000)\n            os._exit(0)\n    return 2 * a\n",
}


@pytest.mark.needs("bubblewrap")
@pytest.mark.parametrize("what", ENDS)
def test_what_a_candidate_does_to_its_worker_is_nothing_to_the_next(what):
    with choose("bubblewrap") as sandbox:
        with sandbox.open(LIMITS) as session:
            run(session, ENDS[what])
            before = parent_of(sandbox)
        assert good(sandbox)
        assert parent_of(sandbox) == before


@pytest.mark.slow
def test_a_plain_program_that_kills_worker_and_parent_ends_its_own_call_alone():
    kills = (
        "import os\ndef f(a):\n    worker = os.getppid()\n    parent = int(open(f'/proc/{worker}/stat').read().rpartition(')')[2].split()[1])\n"
        "    os.kill(parent, 9)\n    os.kill(worker, 9)\n    return a\n"
    )
    with choose("process") as sandbox:
        with sandbox.open(LIMITS) as session, sandbox.open(LIMITS) as beside:
            assert run(beside, "def f(a):\n    return a\n").status == "ok"
            assert run(session, kills).status == "crashed"
            assert run(beside, "def f(a):\n    return a\n").status == "ok"
        assert good(sandbox)


@pytest.mark.slow
def test_a_parent_that_is_killed_is_replaced_and_the_call_made_anew(sandbox):
    assert good(sandbox)
    first = parent_of(sandbox)
    source = "import time\ndef f(a):\n    end = time.process_time() + 1.0\n    while time.process_time() < end: pass\n    return 2 * a\n"
    with sandbox.open(LIMITS) as session:
        run(session, "def f(a):\n    return a\n")
        threading.Timer(0.3, os.kill, (first, signal.SIGKILL)).start()
        result = run(session, source)
    assert result.status == "ok", result.failure
    assert good(sandbox)
    assert parent_of(sandbox) != first


@pytest.mark.parametrize("name", WARM)
@pytest.mark.slow
def test_a_run_that_is_killed_leaves_no_process(name):
    code = (
        "import sys, threading, numpy as np\nfrom fieldsmith.sandboxes import choose\nfrom fieldsmith.sandboxes.sandbox import Limits\n"
        f"sandbox = choose({name!r})\nlimits = Limits(cpus=1.0)\nsandbox.expect(limits, 3)\n"
        "threading.Timer(3.0, print, ('begun',), {'flush': True}).start()\n"
        "program = 'import os, time\\ndef f(a):\\n    os.fork()\\n    while True: time.sleep(0.01)\\n'\n"
        "sandbox.open(limits).call(program, 'f', {'a': np.ones(3)}, {'y': (3,)})\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    owner.stdout.readline()
    below = descendants(owner.pid)
    assert len(below) >= 3  # the parent, the worker, the program
    owner.kill()
    owner.wait()
    wait_until(lambda: not any(lives(pid) for pid in below))


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, listed.read_text().split()):
            found += [child, *descendants(child)]
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.needs("bubblewrap")
def test_where_no_worker_can_be_forked_each_has_a_bubblewrap_of_its_own(monkeypatch):
    whole = bubblewrap.worker_source()
    changed = whole.replace("checked(libc.unshare(kinds)", "checked(-1")
    assert changed != whole
    monkeypatch.setattr(bubblewrap, "worker_source", lambda: changed)
    with choose("bubblewrap") as sandbox:
        assert good(sandbox)
        assert good(sandbox)
        assert "unshare" in sandbox.facts()["workers"]


@pytest.mark.needs("bubblewrap")
@pytest.mark.parametrize("forks", [True, False])
def test_a_user_s_worker_cannot_move_aside_what_leads_to_the_interpreter(monkeypatch, forks):
    looks = (
        "import os\ndef f(a):\n    there, first = {there!r}, {first!r}\n    assert os.path.exists(there), there\n"
        "    for act in (lambda: os.rename(first, '/tmp/aside'), lambda: os.mkdir(first + '/new'), lambda: os.chmod(first, 0)):\n"
        "        try: act()\n        except OSError: pass\n        else: raise AssertionError\n    return a\n"
    )
    # As for a user who is not root, worker and whoever has made its folders are the same user for the kernel.
    monkeypatch.setattr(bubblewrap.os, "geteuid", lambda: 1000)
    with tempfile.TemporaryDirectory(dir="/tmp") as first:
        Path(first).chmod(0o755)
        place = Path(first, "project", ".venv")
        place.mkdir(parents=True)
        (place / "there").touch()
        prefixes = bubblewrap._prefixes()
        monkeypatch.setattr(bubblewrap, "_prefixes", lambda: sorted([*prefixes, str(place)]))
        program = looks.format(there=str(place / "there"), first=first)
        with bubblewrap.BubblewrapSandbox() as sandbox:
            sandbox._parents.unable = "" if forks else "asked for"
            with sandbox.open(LIMITS) as session:
                results = [run(session, program) for _ in range(2)]
            assert bool(sandbox._parents._parents) == forks
    assert [result.status for result in results] == ["ok", "ok"], results


@pytest.mark.slow
def test_a_parent_that_answers_too_late_is_ended_and_replaced(sandbox, monkeypatch):
    assert good(sandbox)
    first, inner = parent_of(sandbox), forking(sandbox)
    os.kill(inner, signal.SIGSTOP)
    monkeypatch.setattr(warm, "ANSWER_SECONDS", 0.2)
    with pytest.raises(warm.ParentGone):
        next(iter(sandbox._parents._parents.values())).code(1)
    monkeypatch.undo()
    wait_until(lambda: not lives(inner))
    assert good(sandbox)
    assert parent_of(sandbox) != first


@pytest.fixture
def interruptible():
    """What runs in the background may ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.slow
def test_a_question_that_is_broken_off_leaves_no_answer_for_the_next(sandbox):
    assert good(sandbox)
    first = parent_of(sandbox)
    (parent,) = sandbox._parents._parents.values()
    os.kill(forking(sandbox), signal.SIGSTOP)  # so that the question waits
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        parent.code(1)
    assert not parent.alive()
    with pytest.raises(warm.ParentGone):
        parent.code(1)
    assert good(sandbox)
    assert parent_of(sandbox) != first


@pytest.mark.slow
def test_an_answer_to_another_question_is_not_taken(sandbox):
    assert good(sandbox)
    (parent,) = sandbox._parents._parents.values()
    parent._socket.sendmsg([warm.ASKED.pack(10**6, warm.CODE, 1)])  # its answer lies there first
    with pytest.raises(warm.ParentGone):
        parent.code(1)
    assert not parent.alive()
    assert good(sandbox)


@pytest.mark.slow
def test_all_that_a_plain_program_has_started_ends_when_it_kills_its_worker(tmp_path):
    # Each is handed to the parent only once the one that has started it is ended.
    program = (
        "import os, signal, time\ndef f(a):\n    worker = os.getppid()\n    for depth in range(4):\n        read, write = os.pipe()\n        if os.fork():\n            os.read(read, 1)\n            break\n"
        f"        os.setsid()\n        open({str(tmp_path)!r} + f'/{{os.getpid()}}', 'w').close()\n        above = write\n    else:\n        os.kill(worker, 9)\n"
        "    while True: time.sleep(1)\n"
    )
    with choose("process") as sandbox:
        with sandbox.open(LIMITS) as session:
            assert run(session, program).status == "crashed"
        started = [int(path.name) for path in tmp_path.iterdir()]
        assert len(started) == 4
        wait_until(lambda: not any(lives(pid) for pid in started))
        assert good(sandbox)


@pytest.mark.slow
def test_a_parent_that_is_killed_while_it_starts_is_tried_again(sandbox, monkeypatch):
    begin, told = sandbox._parents._begin, []

    def ended(limits):
        process = begin(limits)
        pid = process.process.pid
        if sandbox.name == "bubblewrap":  # it begins what it watches first
            wait_until(lambda: descendants(pid) or not process.alive())
        for each in descendants(pid) or [pid]:
            os.kill(each, signal.SIGKILL)
        return process

    sandbox._parents._begin = ended
    assert good(sandbox)
    assert "tried again" in sandbox.facts()["workers"]
    sandbox.listen(told.append)
    sandbox._parents._again_at = 0.0
    assert good(sandbox)
    assert len(told) == 1  # once, whatever else comes
    sandbox._parents._begin, sandbox._parents._again_at = begin, 0.0
    assert good(sandbox)
    assert parent_of(sandbox)
    assert not sandbox.facts()


@pytest.mark.parametrize(("number", "passes"), [(errno.EAGAIN, True), (errno.EPERM, False)])
@pytest.mark.slow
def test_a_parent_that_cannot_fork_is_tried_again_where_that_may_pass(monkeypatch, number, passes):
    whole = process.worker_source()
    fails = f"raise OSError({number}, os.strerror({number}))"
    changed = whole.replace("pid = spaces.forked() if apart else os.fork()", fails, 1)
    assert changed != whole
    monkeypatch.setattr(process, "worker_source", lambda: changed)
    told = []
    with choose("process") as sandbox:
        sandbox.listen(told.append)
        assert good(sandbox)
        assert ("tried again" in sandbox.facts()["workers"]) == passes
        monkeypatch.undo()
        sandbox._parents._again_at = 0.0
        assert good(sandbox)
        assert bool(sandbox.facts()) != passes
    assert len(told) == 1
    assert os.strerror(number) in told[0]


@pytest.mark.needs("docker")
def test_what_a_program_names_is_there_before_its_time_begins():
    # By another name, so that this program does not name it.
    source = "import sys\ndef f(a):\n    return [float('sci' + 'py.fft' in sys.modules)]\n"
    with choose("docker") as sandbox, sandbox.open(LIMITS) as session:
        assert run(session, f"# scipy\n{source}", shape=(1,)).outputs["y"] == 1.0
        assert run(session, source, shape=(1,)).outputs["y"] == 1.0


@pytest.mark.slow
def test_a_worker_that_ends_before_it_is_ready_is_not_waited_for_though_its_child_holds_the_channel():
    def command(channel):
        return ["sh", "-c", "sleep 20 & exit 0"]

    worker = launch(command, end_group, environment=dict(os.environ))
    with pytest.raises(MissingPart, match="It ended before it was ready"):
        ready(worker)
