"""A disk whose writes and flushes are logged: one file of a FUSE file system, under a loop device.

The kernel's own file systems work on it as on any disk; what they write comes here as it would come to
the device, and a flush comes as fsync. A crash state is what a power cut may leave: everything up to a flush, and any
part of what came later. No kernel module is needed beyond fuse and loop.
"""

import ctypes
import os
import random
import struct
import subprocess
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
FILE = 2  # the number of the one file; 1 is its folder
SECTOR = 4096

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE = 1, 2, 3, 4, 14, 15, 16, 17, 18
FSYNC, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT = 20, 25, 26, 27, 28, 29, 36
DESTROY, BATCH_FORGET = 38, 42
ENOENT, ENOSYS = 2, 38


class LoggedDisk:
    """`with LoggedDisk(image, folder) as disk:` serves a copy of `image` as the block device `disk.device`."""

    def __init__(self, image, folder):
        self.base = bytes(open(image, "rb").read())
        self.now = bytearray(self.base)
        self.log = []  # (offset, bytes), or None for a flush
        self.folder = folder
        self.device = None

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        self.fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self.fuse},rootmode=40000,user_id=0,group_id=0"
        if LIBC.mount(b"disk", self.folder.encode(), b"fuse.disk", 6, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount of fuse")
        threading.Thread(target=self._serve, daemon=True).start()
        self.device = run("losetup", "--find", "--show", f"{self.folder}/disk")
        return self

    def __exit__(self, *_):
        run("losetup", "--detach", self.device)
        run("umount", self.folder)
        os.close(self.fuse)

    @property
    def position(self):
        """How much has been logged; what is known at a position is known to whoever sees all before it."""
        return len(self.log)

    def state(self, position, seed):
        """The bytes after a power cut at a position of the log, with some of what was not flushed."""
        chance = random.Random(seed)
        flushed = max((index for index in range(position) if self.log[index] is None), default=-1)
        # Of what is not flushed each sector comes or does not; how much of it is different from cut to cut.
        share = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        image = bytearray(self.base)
        for index, entry in enumerate(self.log[:position]):
            if entry is None:
                continue
            offset, data = entry
            if index < flushed:
                image[offset:offset + len(data)] = data
                continue
            for start in range(0, len(data), SECTOR):
                if chance.random() < share:
                    piece = data[start:start + SECTOR]
                    image[offset + start:offset + start + len(piece)] = piece
        return image

    # What the kernel asks; the numbers and structures are those of linux/fuse.h.

    def _serve(self):
        while True:
            try:
                request = os.read(self.fuse, (1 << 20) + 8192)
            except InterruptedError:
                continue
            except OSError:
                return
            _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
            if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
                continue
            error, reply = self._answer(opcode, node, request[40:])
            try:
                os.write(self.fuse, struct.pack("<IiQ", 16 + len(reply), -error, unique) + reply)
            except OSError:
                return
            if opcode == DESTROY:
                return

    def _answer(self, opcode, node, body):
        if opcode == INIT:
            major, minor, ahead, _ = struct.unpack_from("<IIII", body)
            big_writes, max_pages = 1 << 5, 1 << 22
            return 0, struct.pack("<IIIIHHIIHHI28x", 7, 31, ahead, big_writes | max_pages, 16, 12,
                                  1 << 20, 1, 256, 0, 0)
        if opcode == LOOKUP:
            if body.rstrip(b"\0") != b"disk":
                return ENOENT, b""
            return 0, struct.pack("<QQQQII", FILE, 0, 3600, 3600, 0, 0) + self._attributes(FILE)
        if opcode in (GETATTR, SETATTR):
            return 0, struct.pack("<QII", 3600, 0, 0) + self._attributes(node)
        if opcode in (OPEN, OPENDIR):
            return 0, struct.pack("<QII", 0, 1, 0)  # FOPEN_DIRECT_IO: each write comes here at once
        if opcode == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            return 0, bytes(self.now[offset:offset + size])
        if opcode == WRITE:
            _, offset, size = struct.unpack_from("<QQI", body)
            data = body[40:40 + size]
            self.now[offset:offset + size] = data
            self.log.append((offset, data))
            return 0, struct.pack("<II", size, 0)
        if opcode == FSYNC:
            self.log.append(None)
            return 0, b""
        if opcode == STATFS:
            return 0, struct.pack("<QQQQQIIII24x", 0, 0, 0, 0, 0, 512, 255, 512, 0)
        if opcode in (RELEASE, RELEASEDIR, FLUSH, DESTROY, READDIR):
            return 0, b""
        return ENOSYS, b""

    def _attributes(self, node):
        size = len(self.now) if node == FILE else 0
        mode = 0o100600 if node == FILE else 0o040700
        return struct.pack("<QQQQQQIIIIIIIIII", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1,
                           0, 0, 0, 512, 0)


def run(*command, status=(0,)):
    """Runs a command; its output, or an error with it."""
    done = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode not in status:
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout.strip()
