"""Defences that a test takes away, one at a time, and the attacks that then succeed."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from docker.models import containers as docker_containers

from attacks.hostile import CANARY, won
from attacks.internet import internet
from fieldsmith.sandboxes import bubblewrap, docker, memory
from fieldsmith.sandboxes.sandbox import CallResult


class Weak:
    """What a test can take away from a sandbox."""

    def __init__(self, patch: pytest.MonkeyPatch, stack: ExitStack) -> None:
        self.patch, self.stack = patch, stack

    def options(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Change what closes a container in."""
        whole = docker.hardening
        self.patch.setattr(docker, "hardening", lambda limits, user: change(whole(limits, user)))

    def without(self, *names: str) -> None:
        def change(words: dict[str, Any]) -> dict[str, Any]:
            assert words.keys() >= set(names), names
            return {name: value for name, value in words.items() if name not in names}

        self.options(change)

    def put(self, **more: object) -> None:
        """Options in place of those of the same name, or besides them."""
        self.options(lambda words: {**words, **more})

    def worker(self, old: str, new: str) -> None:
        """Change the text of the worker."""
        for module in (docker, bubblewrap):
            whole = module.worker_source()
            # The text is a literal inside a text.
            assert repr(old)[1:-1] in whole, old
            changed = whole.replace(repr(old)[1:-1], repr(new)[1:-1])
            self.patch.setattr(module, "worker_source", lambda changed=changed: changed)

    def setting(self, **fields: object) -> None:
        for module in (docker, bubblewrap):
            whole = module.setting

            def changed(*words, _whole=whole, **more):
                return json.dumps({**json.loads(_whole(*words, **more)), **fields})

            self.patch.setattr(module, "setting", changed)

    def unguarded(self) -> None:
        """No filter of system calls of our own."""
        self.setting(guard=False)

    def as_root(self) -> None:
        """The engine's usual root instead of a user without rights."""
        self.without("cap_drop")
        self.put(user="0:0")


@dataclass(frozen=True)
class Defence:
    attack: str
    sandbox: str
    taken: str
    take: Callable[[Weak], None]
    succeeded: Callable[[CallResult], bool] = won


def given_key(weak: Weak) -> None:
    whole = docker.environment
    weak.patch.setattr(docker, "environment", lambda *words: {**whole(*words), "OPENAI_API_KEY": "sk-canary"})


def on_host_network(weak: Weak) -> None:
    weak.put(network_mode="host")
    weak.unguarded()


def on_internet(weak: Weak) -> None:
    weak.without("hostname")  # which goes with a network of its own
    weak.put(network_mode=weak.stack.enter_context(internet()))
    weak.unguarded()


def nothing_ended(weak: Weak) -> None:
    weak.worker("    end_group(pid)\n    end_descendants()\n", "")


def nothing_ended_or_filtered(weak: Weak) -> None:
    nothing_ended(weak)
    weak.unguarded()  # the processes meet by a socket


def descriptors_left(weak: Weak) -> None:
    weak.worker("os.closerange(3, answer)", "pass")
    weak.worker("os.closerange(answer + 1, DESCRIPTORS)", "pass")


def printed_kept(weak: Weak) -> None:
    weak.worker("tail.memory.close()", 'running.setdefault("kept", []).append(tail)')


def names_read(weak: Weak) -> None:
    reads = "running.setdefault('names', []).extend(name for top in setting['scratch'] for name in os.listdir(top))"
    empties = '        if scratch.empty(setting["scratch"]) != at_first:\n'
    weak.worker(empties, f"        {reads.replace('running', 'calls.running')}\n{empties}")


def left_as_it_is(weak: Weak) -> None:
    weak.worker(" != at_first:", " is None:")


def rules_within_reach(weak: Weak) -> None:
    weak.as_root()
    whole = docker_containers.HostConfig
    # The SDK has no word for it, which the command calls systempaths=unconfined.
    bare = {"MaskedPaths": [], "ReadonlyPaths": []}
    weak.patch.setattr(docker_containers, "HostConfig", lambda **words: {**whole(**words), **bare})


def network_shared(weak: Weak) -> None:
    """That of the parent, whose loopback is up."""
    weak.worker("APART = NEWNS | NEWUTS | NEWIPC | NEWNET", "APART = NEWNS | NEWUTS | NEWIPC")
    weak.unguarded()


def processes_shared(weak: Weak) -> None:
    weak.worker("unshare(NEWPID)", "pass")


def nothing_sealed(weak: Weak) -> None:
    nothing_ended(weak)
    weak.worker("    elif not seal(answer):\n", "    elif False:\n")
    weak.patch.setattr(memory, "mapped", shared_view)
    weak.patch.setattr(memory, "SEALS", 0)


def shared_view(descriptor: int, size: int):
    """The file as it is now, not a private view of it."""
    import mmap

    return mmap.mmap(descriptor, size, prot=mmap.PROT_READ)


def still_changing(result: CallResult) -> bool:
    before = result.outputs["y"].copy()
    time.sleep(0.3)
    return not np.array_equal(before, result.outputs["y"])


DEFENCES = [
    Defence(
        "read_reference_files",
        "docker",
        "the host's files are not mounted",
        lambda weak: weak.put(volumes=[f"{CANARY}:/data/{CANARY.name}:ro"]),
    ),
    Defence("read_api_keys", "docker", "the environment is the worker's own", given_key),
    Defence("connect_to_host", "docker", "a network of its own and no sockets", on_host_network),
    Defence("connect_to_abstract_socket", "docker", "a network of its own", on_host_network),
    Defence("connect_to_internet", "docker", "a network of its own and no sockets", on_internet),
    Defence("ask_name_server", "docker", "a network of its own and no sockets", on_internet),
    Defence("serve_on_loopback", "docker", "the filter of system calls", Weak.unguarded),
    Defence("serve_on_loopback", "bubblewrap", "a network of its own and no sockets", network_shared),
    Defence("write_outside_scratch", "docker", "a read-only image", lambda weak: weak.without("read_only")),
    Defence(
        "fill_scratch", "docker", "the size of scratch", lambda weak: weak.put(tmpfs={"/tmp": "rw,size=2g,mode=1777"})
    ),
    Defence("fill_shared_memory", "docker", "the size of shared memory", lambda weak: weak.put(shm_size="2g")),
    Defence("many_processes", "docker", "the number of processes", lambda weak: weak.put(pids_limit=-1)),
    Defence("many_threads", "docker", "the number of processes", lambda weak: weak.put(pids_limit=-1)),
    Defence("many_processes", "bubblewrap", "RLIMIT_NPROC", lambda weak: weak.setting(processes=0)),
    Defence(
        "allocate_slowly", "docker", "the limit of memory", lambda weak: weak.without("mem_limit", "memswap_limit")
    ),
    Defence("allocate_in_children", "bubblewrap", "the watchdog", lambda weak: weak.setting(cgroup=True)),
    Defence("allocate_in_memory_files", "bubblewrap", "the filter of system calls", Weak.unguarded),
    Defence("use_more_processors", "docker", "the share of processors", lambda weak: weak.without("nano_cpus")),
    Defence(
        "use_more_processors",
        "bubblewrap",
        "the choice of cores",
        lambda weak: weak.worker('os.sched_setaffinity(0, header["cores"])', "pass"),
    ),
    Defence("remember_in_process", "docker", "the end of all processes after a call", nothing_ended),
    Defence("remember_in_process", "bubblewrap", "the end of all processes after a call", nothing_ended_or_filtered),
    Defence("find_earlier_output", "docker", "what was printed is unmapped", printed_kept),
    Defence("find_earlier_output", "bubblewrap", "what was printed is unmapped", printed_kept),
    Defence("remember_in_file_names", "docker", "names are unmapped", names_read),
    Defence("remember_in_file_names", "bubblewrap", "names are unmapped", names_read),
    Defence("fill_inodes_with_folders", "docker", "a worker that cannot empty scratch leaves", left_as_it_is),
    Defence("remember_in_times_of_devices", "bubblewrap", "the filter of system calls", Weak.unguarded),
    Defence("pin_large_pages", "bubblewrap", "the filter of system calls", Weak.unguarded),
    Defence("allocate_behind_an_ended_thread", "bubblewrap", "the watchdog", lambda weak: weak.setting(cgroup=True)),
    Defence("fill_descriptors_in_flight", "docker", "the filter of system calls", Weak.unguarded),
    Defence("take_what_there_is_once", "bubblewrap", "the filter of system calls", Weak.unguarded),
    Defence("give_back_shared_memory", "bubblewrap", "the filter of system calls", Weak.unguarded),
    Defence("fill_socket_buffers", "bubblewrap", "the filter of system calls", Weak.unguarded),
    Defence("remember_in_files", "docker", "scratch is emptied", lambda weak: weak.setting(scratch=[])),
    Defence("leave_links_in_scratch", "bubblewrap", "scratch is emptied", lambda weak: weak.setting(scratch=[])),
    Defence("tell_dev_from_test", "bubblewrap", "scratch is emptied", lambda weak: weak.setting(scratch=[])),
    Defence("remember_in_system_v_memory", "docker", "the filter of system calls", Weak.unguarded),
    Defence("remember_in_keyring", "bubblewrap", "the filter of system calls", Weak.unguarded),
    Defence("make_namespaces", "bubblewrap", "the filter of system calls", Weak.unguarded),
    Defence("read_memory_of_child", "bubblewrap", "the filter of system calls", Weak.unguarded),
    Defence(
        "read_memory_of_worker",
        "docker",
        "the worker cannot be looked into",
        lambda weak: weak.worker("guard.prctl(child.PR_SET_DUMPABLE, 0)", "pass"),
    ),
    Defence(
        "use_inherited_descriptors",
        "bubblewrap",
        "descriptors are closed",
        descriptors_left,
    ),
    Defence(
        "forge_message_to_host",
        "bubblewrap",
        "descriptors are closed",
        descriptors_left,
        lambda result: result.cpu_seconds == 0.125,
    ),
    Defence(
        "kill_the_worker",
        "bubblewrap",
        "the worker is process 1",
        processes_shared,
        lambda result: result.status == "crashed",
    ),
    Defence("change_answer_afterwards", "bubblewrap", "seals", nothing_sealed, still_changing),
    Defence(
        "flood_output",
        "bubblewrap",
        "only the tail is kept",
        lambda weak: weak.worker("Tail(call.log_bytes)", "Tail(call.log_bytes + (1 << 22))"),
        lambda result: len(result.stdout) > 1 << 20,
    ),
    Defence("regain_root", "docker", "a user without rights", Weak.as_root),
    Defence(
        "read_devices",
        "docker",
        "no devices of the host",
        lambda weak: weak.put(devices=["/dev/zero:/dev/kmem"]),
    ),
    Defence("write_to_sys_and_cgroups", "docker", "a user without rights, and read-only paths", rules_within_reach),
    Defence("leave_pipes_and_devices", "docker", "no capabilities", Weak.as_root),
]
