"""An internet of one server, in the network of a container: it takes connections and answers questions for names."""

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from fieldsmith.sandboxes import images
from sandbox_calls import wait_until

ADDRESS = "1.1.1.1"
SERVER = f"""
import fcntl, socket, struct

SIOCSIFADDR = 0x8916
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    request = struct.pack("16sH2s4s8s", b"lo:1", socket.AF_INET, bytes(2), socket.inet_aton("{ADDRESS}"), bytes(8))
    fcntl.ioctl(control, SIOCSIFADDR, request)
connections = socket.create_server(("{ADDRESS}", 53))
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("{ADDRESS}", 53))
print("ready", flush=True)
while True:
    question, asker = names.recvfrom(512)
    # A response with one answer to the question's name (RFC 1035, section 4.1): class IN, type A, for one second.
    head = question[:2] + bytes([0x81, 0x80]) + question[4:6] + bytes([0, 1, 0, 0, 0, 0])
    answer = bytes([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4]) + socket.inet_aton("{ADDRESS}")
    names.sendto(head + question[12:] + answer, asker)
"""


@contextmanager
def internet() -> Iterator[str]:
    """What `docker run --network` takes to be in it."""
    name = f"internet-{uuid.uuid4().hex[:12]}"
    words = ["run", "--detach", "--name", name, "--network", "none", "--dns", ADDRESS]
    words += ["--user", "0:0", "--cap-add", "NET_ADMIN", "--entrypoint", "python3", images.tag("base"), "-c", SERVER]
    try:
        subprocess.run(["docker", *words], check=True, capture_output=True)
        wait_until(lambda: b"ready" in subprocess.run(["docker", "logs", name], capture_output=True).stdout)
        yield f"container:{name}"
    finally:
        subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)
