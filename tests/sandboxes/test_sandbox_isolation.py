"""What a program cannot reach: other calls, the host, the worker."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fieldsmith.sandboxes import choose
from sandbox_calls import DOUBLE, LIMITS, run


def test_calls_share_no_state(session):
    source = "import numpy as np\nn = 0\ndef f(a):\n    global n\n    n += 1\n    np.kept = getattr(np, 'kept', 0) + 1\n    return a * 0 + n * np.kept\n"
    for _ in range(2):
        np.testing.assert_array_equal(run(session, source).outputs["y"], np.ones(3))


def test_a_program_cannot_speak_for_the_worker(session):
    source = (
        "import json, os, stat, struct\ndef send(body, place):\n"
        "    data = struct.pack('<8sQ', b'FSMITH02', len(body)) + body\n"
        "    for name in os.listdir(place):\n"
        "        try:\n"
        "            fd = os.open(f'{place}/{name}', os.O_WRONLY) if 'self' not in place else int(name)\n"
        "            if fd > 2 and stat.S_ISFIFO(os.fstat(fd).st_mode): os.write(fd, data)\n"
        "        except OSError: pass\n"
        "def f(a):\n"
        "    for body in (b'[' * 200_000, json.dumps({'status': 'crashed', 'arrays': [], 'answer_bytes': 0}).encode()):\n"
        "        for place in ('/proc/self/fd', f'/proc/{os.getppid()}/fd'):\n"
        "            try: send(body, place)\n            except OSError: pass\n"
        "    return 5 * a\n"
    )
    if session.sandbox == "process" and os.getuid() == 0:
        source = source.replace(
            "for place in ('/proc/self/fd', f'/proc/{os.getppid()}/fd')", "for place in ('/proc/self/fd',)"
        )
    for factor in (1.0, 2.0):
        result = run(session, source, np.full(3, factor))
        assert result.status == "ok", result.failure
        np.testing.assert_array_equal(result.outputs["y"], np.full(3, 5 * factor))


def test_processes_and_files_of_a_call_end_with_it(session):
    mark = f"left-behind-{os.getpid()}"
    source = (
        "import os, time\ndef f(a):\n    open('kept', 'w').write('x')\n"
        "    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
        f"            os.execv('/bin/sleep', [{mark!r}, '60'])\n        os._exit(0)\n"
        "    time.sleep(0.3)\n    return a\n"
    )
    assert run(session, source).status == "ok"
    source = (
        "import os\ndef f(a):\n    assert not os.path.exists('kept')\n    for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "        try: words = open(f'/proc/{pid}/cmdline', 'rb').read()\n        except OSError: continue\n"
        f"        assert not words.startswith({mark.encode()!r})\n    return a\n"
    )
    result = run(session, source)
    assert result.status == "ok", result.failure


def test_no_secret_of_the_host_is_in_the_environment(session, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    with choose("process").open(LIMITS) as fresh:
        source = "import os\ndef f(a):\n    assert 'OPENAI_API_KEY' not in os.environ\n    return a\n"
        assert run(fresh, source).status == "ok"
    assert run(session, source).status == "ok"


def test_there_is_no_network(isolated):
    source = (
        "import socket\ndef f(a):\n    for address in (('127.0.0.1', 22), ('1.1.1.1', 53)):\n"
        "        try:\n            s = socket.socket(); s.settimeout(2); s.connect(address)\n"
        "        except OSError: continue\n        raise AssertionError(address)\n"
        "    return a * 0 + len(open('/proc/net/dev').readlines()) - 2\n"
    )
    result = run(isolated, source)
    assert result.status == "ok", result.failure
    assert result.outputs["y"][0] == 1


def test_files_of_the_host_are_out_of_reach(isolated, tmp_path):
    (tmp_path / "canary").write_text("reference")
    package = Path(__file__).parents[2] / "src"
    source = (
        "import os\ndef f(a):\n"
        f"    assert not os.path.exists({str(tmp_path / 'canary')!r})\n"
        f"    assert not os.path.exists({str(package)!r})\n"
        "    try: import fieldsmith.tasks\n    except ImportError: pass\n    else: raise AssertionError('fieldsmith')\n"
        "    for place in ('/', '/usr', '/etc', '/usr/bin', '/dev'):\n"
        "        try: open(os.path.join(place, 'x'), 'w')\n        except OSError: continue\n"
        "        raise AssertionError(place)\n"
        "    open('/tmp/x', 'w').write('scratch')\n    return a\n"
    )
    result = run(isolated, source)
    assert result.status == "ok", result.failure


def test_scratch_is_limited(isolated):
    for place in ("/tmp", "/dev/shm"):
        source = f"def f(a):\n    with open('{place}/big', 'wb') as s:\n        for _ in range(100): s.write(bytes(1 << 20))\n    return a\n"
        result = run(isolated, source)
        assert result.status == "crashed"
        assert "No space left" in result.failure.message


def test_the_user_inside_has_no_privileges(isolated):
    source = (
        "import os\ndef f(a):\n    status = open('/proc/self/status').read()\n"
        "    assert 'CapEff:\\t0000000000000000' in status, status\n    assert 'NoNewPrivs:\\t1' in status\n"
        "    return a * 0 + os.getuid()\n"
    )
    result = run(isolated, source)
    assert result.status == "ok", result.failure
    assert result.outputs["y"][0] >= 20_000


def test_shared_memory_does_not_carry_over_to_the_next_call(isolated):
    path = "/dev/shm/kept"
    assert run(isolated, f"def f(a):\n    open({path!r}, 'w').write('x')\n    return a").status == "ok"
    seen = run(isolated, f"import os\ndef f(a):\n    return a + os.path.exists({path!r})")
    np.testing.assert_array_equal(seen.outputs["y"], np.arange(3.0))


@pytest.mark.needs("docker")
def test_the_container_is_locked_down():
    with choose("docker").open(LIMITS) as opened:
        assert run(opened, DOUBLE).status == "ok"
        listing = ["docker", "ps", "--quiet", "--filter", f"label=fieldsmith.owner={os.getpid()}"]
        names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
        told = subprocess.run(["docker", "inspect", names[0]], capture_output=True, text=True, check=True)
    host, config = json.loads(told.stdout)[0]["HostConfig"], json.loads(told.stdout)[0]["Config"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["PidsLimit"] == LIMITS.processes
    assert host["Memory"] == host["MemorySwap"] == LIMITS.memory_mb * 2**20
    assert host["NanoCpus"] == LIMITS.cpus * 1e9
    assert f"size={LIMITS.scratch_mb}m" in host["Tmpfs"]["/tmp"]
    assert host["Binds"] is None
    assert [mount["ReadOnly"] for mount in host["Mounts"]] == [True]
    assert not host["Privileged"]
    assert int(config["User"].split(":")[0]) >= 20_000
