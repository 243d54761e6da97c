"""The worker's end of the channel to the host: memory files over a Unix socket, or bytes on standard input and output.

A call is a head (magic, length of its header, a number that the answer repeats, limits, count of inputs), the sizes of its inputs, a JSON header, and the
inputs. Over a socket each input comes as the descriptor of a sealed memory file, which nobody can change any more and which
the host shares among calls; over pipes its bytes follow the header. Either way they end up as descriptors here. What the
worker sends is a head of 16 bytes (magic, length), a JSON header, what was printed, and the answer's file or bytes.

The worker's heap is copied into every child, so nothing of a call may come to lie there: what a call brings and prints goes
through memory that is unmapped before the next one.
"""

import array
import json
import mmap
import os
import socket
import struct

MAGIC = b"FSMITH02"
HEAD = struct.Struct("<8sQ")
CALL = struct.Struct("<8sQQddQQQQ")
HEADER_LIMIT = 64 << 20  # bytes of what the host sends
MOST_ARRAYS = 200
BLOCK = 1 << 20


class Memory:
    """Memory that is given back when it is closed. Use as a context manager."""

    def __init__(self, size):
        self.map = mmap.mmap(-1, max(1, size), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.size = size

    def fill(self, read):
        """Fill it whole by `read`, which takes a view and tells how many bytes it has put there."""
        with memoryview(self.map) as whole, whole[: self.size] as view:
            got = 0
            while got < self.size:
                with view[got:] as rest:
                    n = read(rest)
                if not n:
                    raise EOFError
                got += n
        return self

    def close(self):
        self.map.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Call:
    """What the worker itself knows of a call. The header is for the child alone to read."""

    def __init__(self, head):
        magic, length, self.number, *numbers = CALL.unpack(head)
        self.seconds, self.wall, self.log_bytes, self.memory, self.body_limit, self.inputs = numbers
        if magic != MAGIC or length > HEADER_LIMIT or self.inputs > MOST_ARRAYS:
            raise EOFError
        self.header, self.files = Memory(length), []

    def told(self):
        """The header. Only a child may ask."""
        return json.loads(self.header.map[: self.header.size])

    def close(self):
        """Leave nothing of it here."""
        self.header.close()
        for file in self.files:
            os.close(file)


class SocketChannel:
    """Descriptors travel beside the bytes (SCM_RIGHTS, unix(7))."""

    def __init__(self, connected):
        self.socket = connected
        self.descriptor = connected.fileno()

    def receive(self):
        descriptors = array.array("i")
        room = socket.CMSG_SPACE(MOST_ARRAYS * descriptors.itemsize)
        head, passed, _, _ = self.socket.recvmsg(CALL.size, room, socket.MSG_CMSG_CLOEXEC)
        for level, kind, data in passed:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        while len(head) < CALL.size:
            more = self.socket.recv(CALL.size - len(head))
            if not more:
                raise EOFError
            head += more
        call = Call(head)
        with Memory(8 * call.inputs) as sizes:
            sizes.fill(self.socket.recv_into)
        call.header.fill(self.socket.recv_into)
        call.files = list(descriptors)
        return call

    def send(self, header, printed=(), file=None):
        """A header, views of what was printed, and the memory file that goes with it, if there is one."""
        message = encode(header)
        passed = [] if file is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))]
        sent = self.socket.sendmsg([message], passed)
        for part in (message[sent:], *printed):
            self.socket.sendall(part)


class StreamChannel:
    """Standard input and output, where no socket crosses the border."""

    def __init__(self):
        self.source, self.out = os.dup(0), os.dup(1)
        for descriptor in (self.source, self.out):
            os.set_inheritable(descriptor, False)
        self.descriptor = self.source

    def receive(self):
        with Memory(CALL.size) as head:
            call = Call(head.fill(self._read).map[: CALL.size])
        with Memory(8 * call.inputs) as listed:
            sizes = array.array("Q", listed.fill(self._read).map[: listed.size])
        call.header.fill(self._read)
        call.files = [self._file(size) for size in sizes]
        return call

    def _read(self, view):
        return os.readv(self.source, [view])

    def _file(self, size):
        """The next `size` bytes in a memory file."""
        file = os.memfd_create("input")
        while size:
            with Memory(min(size, BLOCK)) as block:
                block.fill(self._read)
                write_all(file, block.map)
                size -= block.size
        return file

    def send(self, header, printed=(), file=None):
        for part in (encode(header), *printed):
            write_all(self.out, part)
        left, offset = header.get("answer_bytes", 0), 0
        while left and file is not None:
            with Memory(min(left, BLOCK)) as block:
                block.fill(lambda view, at=offset: os.preadv(file, [view], at + block.size - len(view)))
                write_all(self.out, block.map)
                offset, left = offset + block.size, left - block.size


def encode(header):
    body = json.dumps(header).encode()
    return HEAD.pack(MAGIC, len(body)) + body


def write_all(descriptor, data):
    with memoryview(data) as whole:
        done = 0
        while done < len(whole):
            with whole[done:] as rest:
                done += os.write(descriptor, rest)


def connect(place):
    """The channel that the host has prepared: "-" for pipes, a number for an open socket, a path for one to connect to."""
    if place == "-":
        return StreamChannel()
    if place.isdigit():
        descriptor = int(place)
        os.set_inheritable(descriptor, False)
        return SocketChannel(socket.socket(fileno=descriptor))
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.connect(place)
    return SocketChannel(connected)
