"""Emptying scratch between calls, by a process whose heap is copied into the next call: so no name may come to lie there.

Names are read into memory that is unmapped afterwards, and handed on to the kernel from there (getdents64(2), unlinkat(2)).
"""

import ctypes
import os
import struct

from .channel import Memory
from .guard import libc

ENTRY = struct.Struct("=QqHB")  # struct linux_dirent64: inode, offset, length, type; then the name
GETDENTS = {"x86_64": 217}.get(os.uname().machine, 61)
BLOCK = 1 << 16
FOLDER = 4  # DT_DIR
DOT = ord(".")
FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
REMOVE_FOLDER = 0x200  # AT_REMOVEDIR


def empty(folders):
    """Remove all that is in these folders and can be removed, and tell what is left in each; links are not followed."""
    return [_emptied(top) for top in folders]


def _emptied(top):
    """How many entries of a folder are left; -1 where there is no such folder."""
    try:
        os.chmod(top, 0o1777)
        os.utime(top, (0, 0))
    except OSError:  # it belongs to somebody else, so the program could not change it either
        pass
    try:
        descriptor = os.open(top, FLAGS)
    except OSError:
        return -1
    with Memory(BLOCK) as block:
        left = Emptying(descriptor, block).run()
    os.close(descriptor)
    return left


class Emptying:
    """Folders are moved to one of our own before they are emptied, so that no depth is too deep."""

    def __init__(self, top, block):
        self.top, self.block = top, block
        self.aside, self.inode, self.name = None, 0, ""
        self.moved = []

    def run(self):
        held = ctypes.c_char.from_buffer(self.block.map)
        try:
            self.address = ctypes.addressof(held)
            self._empty(self.top)
            while self.moved:
                name = self.moved.pop()
                try:
                    folder = os.open(name, FLAGS, dir_fd=self.aside)
                except OSError:
                    continue
                self._empty(folder)
                os.close(folder)
                _removed(name, self.aside)
            if self.aside is not None:
                os.close(self.aside)
                self.aside = None
                _removed(self.name, self.top)
            return sum(1 for _ in self._entries(self.top))
        finally:
            del held  # or the memory could not be given back

    def _empty(self, folder):
        """Remove files and move folders away, until there is nothing left that gives way."""
        given_way = True
        while given_way:
            given_way = False
            for place, kind in self._entries(folder):
                given_way = self._entry(folder, place, kind) or given_way

    def _entries(self, folder):
        """Where the names of a folder's entries begin, and of what kind each is; some of those that there are.

        One after the other: numbers that are kept at once would tell the lengths of names.
        """
        os.lseek(folder, 0, os.SEEK_SET)
        filled = libc.syscall(GETDENTS, folder, ctypes.c_void_p(self.address), BLOCK)
        place = 0
        data = self.block.map
        while place < filled:
            inode, _, length, kind = ENTRY.unpack_from(data, place)
            name = place + ENTRY.size
            itself = data[name] == DOT and (data[name + 1] == 0 or (data[name + 1] == DOT and data[name + 2] == 0))
            if not itself and not (folder == self.top and self.aside is not None and inode == self.inode):
                yield name, kind
            place += length

    def _entry(self, folder, place, kind):
        """Whether an entry has been removed or moved."""
        name = ctypes.c_char_p(self.address + place)
        if kind != FOLDER and libc.unlinkat(folder, name, 0) == 0:
            return True
        if libc.unlinkat(folder, name, REMOVE_FOLDER) == 0:
            return True
        if kind == FOLDER:
            libc.fchmodat(folder, name, 0o700, 0)  # one that moves must be open to its owner
        if self.aside is None and not self._make_aside():
            return False
        new = os.urandom(16).hex()
        if libc.renameat(folder, name, self.aside, new.encode()) != 0:
            return False
        self.moved.append(new)
        return True

    def _make_aside(self):
        self.name = "." + os.urandom(16).hex()
        try:
            os.mkdir(self.name, 0o700, dir_fd=self.top)
            self.aside = os.open(self.name, FLAGS, dir_fd=self.top)
        except OSError:
            return False
        self.inode = os.fstat(self.aside).st_ino
        return True


def _removed(name, folder):
    try:
        os.rmdir(name, dir_fd=folder)
    except OSError:
        pass
