"""The workload of the power-cut test, what it was promised, and the look at what a cut has left."""

import hashlib
import os
import poplib
import random
import re
import signal
import smtplib
import socket
import socketserver
import subprocess
import threading

LIMIT_SECONDS = 30
PASSWORD = "secret one"
USERS = ("ann", "bob")


class Promises:
    """What was promised, each with the position of the disk's log at which it was known."""

    def __init__(self):
        self.stored = {}    # key: (position of the 250, "queue" or the users)
        self.relayed = {}   # key: the first position at which the next hop may have it
        self.deleted = {}   # (user, key): the position at which its removal may have begun
        self.text = {}      # key: the lines of the body
        self.first = self.last = 0

    def summary(self):
        return (f"{len(self.stored)} accepted, {len(self.relayed)} relayed, "
                f"{len(self.deleted)} deleted by POP3")


class Hop:
    """The next hop: takes some messages, and puts others off."""

    def __init__(self, disk, promises, chance):
        class Session(socketserver.StreamRequestHandler):
            timeout = LIMIT_SECONDS

            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                try:
                    self.converse()
                except ConnectionError:
                    pass  # the daemon was ended

            def converse(self):
                self.say("220 hop.example ESMTP")
                for line in self.rfile:
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        self.say("354 go on")
                        text = b""
                        for part in self.rfile:
                            if part == b".\r\n":
                                break
                            text += part
                        key = re.search(rb"X-Key: (\w+)", text)[1].decode()
                        if chance.random() < 0.5:
                            self.say("451 4.3.0 not now")
                        else:
                            promises.relayed.setdefault(key, disk.position)
                            self.say("250 2.0.0 taken")
                    elif verb == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Session)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Daemon:
    """The daemon on a spool, from its first line to its end."""

    def __init__(self, program, scratch, spool, hop_port):
        self.ports = [free_port() for _ in range(2)]
        state = f"{scratch}/state"
        for folder in (state, f"{scratch}/run"):
            os.makedirs(folder, exist_ok=True)
        hashed = subprocess.run(["openssl", "passwd", "-5", "-salt", "powercut", PASSWORD], check=True,
                                capture_output=True, text=True).stdout.strip()
        write(f"{scratch}/users", "".join(f"{user}:{hashed}\n" for user in USERS))
        write(f"{scratch}/gatepost.conf", f"""[server]
hostname = gw.home.example
domains = home.example
spool = {spool}
state = {state}
runtime = {scratch}/run
users = {scratch}/users
[listen]
smtp = 127.0.0.1:{self.ports[0]}
submission = off
submissions = off
pop3 = 127.0.0.1:{self.ports[1]}
pop3s = off
[tls]
certificate = {scratch}/cert.pem
key = {scratch}/key.pem
[relay]
networks = 127.0.0.0/8
smarthost = smtp://127.0.0.1:{hop_port}
[pop3]
login-without-tls = yes
[limits]
free-space = 0
[queue]
retry = 1s
""")
        self.log = ""
        self.process = subprocess.Popen([program, "-c", f"{scratch}/gatepost.conf"], text=True,
                                        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for line in self.process.stderr:
            self.log += line
            if " ready: " in line:
                break
        else:
            raise RuntimeError(f"the daemon does not start:\n{self.log}")
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        for line in self.process.stderr:
            self.log += line

    def end(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(LIMIT_SECONDS)


class Workload:
    """Mail for the queue and for maildrops, and what is done with it."""

    def __init__(self, program, scratch, spool, disk, seed):
        self.program, self.scratch, self.spool, self.disk = program, scratch, spool, disk
        self.chance = random.Random(f"workload {seed}")
        self.promises = Promises()
        self.lock = threading.Lock()

    def run(self, messages):
        """Sends so many messages, half of them from four senders at once."""
        promises = self.promises
        hop = Hop(self.disk, promises, random.Random(1))
        daemon = Daemon(self.program, self.scratch, self.spool, hop.port)
        try:
            os.sync()
            promises.first = self.disk.position
            keys = [f"k{number}" for number in range(messages)]
            quarters = [keys[part::4] for part in range(4)]
            senders = [threading.Thread(target=self.send_all, args=(daemon, part)) for part in quarters]
            for sender in senders:
                sender.start()
            readers = 0
            while any(sender.is_alive() for sender in senders) or readers < 6:
                self.read(daemon, USERS[readers % 2])
                readers += 1
            for sender in senders:
                sender.join()
            promises.last = self.disk.position
        finally:
            daemon.end()
            hop.end()
        if len(promises.stored) != messages:
            raise RuntimeError(f"{len(promises.stored)} of {messages} were accepted:\n{daemon.log}")
        return promises

    def send_all(self, daemon, keys):
        for key in keys:
            self.send(daemon, key)

    def send(self, daemon, key):
        lines = [hashlib.sha256(f"{key} {number}".encode()).hexdigest()
                 for number in range(random.Random(key).choice((1, 20, 200, 1500)))]
        self.promises.text[key] = lines
        number = int(key[1:])
        where = (("queue", ("ann",), ("ann", "bob"), "queue", ("bob",))[number % 5])
        recipients = ["far@far.example"] if where == "queue" else [f"{user}@home.example" for user in where]
        text = "\r\n".join([f"X-Key: {key}", f"Subject: {key}", "", *lines, ""])
        with smtplib.SMTP("127.0.0.1", daemon.ports[0], timeout=LIMIT_SECONDS) as session:
            session.sendmail("me@home.example", recipients, text)
            # The reply is here: whatever the log holds by now must be enough.
            self.promises.stored[key] = (self.disk.position, where)

    def read(self, daemon, user):
        """A POP3 session: some messages are deleted, some fetched and left."""
        session = poplib.POP3("127.0.0.1", daemon.ports[1], timeout=LIMIT_SECONDS)
        session.user(user)
        session.pass_(PASSWORD)
        count = len(session.list()[1])
        for number in range(1, count + 1):
            if number % 3 == 0:
                continue
            text = b"\n".join(session.retr(number)[1]).decode()
            if number % 3 == 1:
                key = re.search(r"X-Key: (\w+)", text)[1]
                self.promises.deleted.setdefault((user, key), self.disk.position)
                session.dele(number)
        session.quit()


def inspect(program, scratch, spool, promises, position):
    """Starts the daemon on what a power cut has left; what is wrong with it, as sentences."""
    daemon = Daemon(program, scratch, spool, 9)  # nobody takes mail there
    # What it has begun by now it ends, so that no move is seen half done.
    daemon.end(signal.SIGTERM)
    problems = []
    found = {}
    for folder in ("queue/new", "queue/cur", "queue/hold", *(
            f"mail/{user}/{part}" for user in USERS for part in ("new", "cur"))):
        path = f"{spool}/{folder}"
        for name in (os.listdir(path) if os.path.isdir(path) else ()):
            place = folder.split("/")[0] if folder.startswith("queue") else folder.split("/")[1]
            if name.startswith("."):
                continue
            try:
                text = open(f"{path}/{name}", "rb").read()
            except OSError as error:
                problems.append(f"{folder}/{name}: {error}")
                continue
            key = re.search(rb"X-Key: (\w+)", text)
            key = key and key[1].decode()
            lines = text.decode(errors="replace").split("\n\n", 1)[-1].rstrip("\n").split("\n")
            if not key or lines != promises.text.get(key):
                problems.append(f"{folder}/{name}: not a whole message of ours ({len(text)} octets)")
                continue
            if not name.split(",S=")[1].startswith(f"{len(text)},"):
                problems.append(f"{folder}/{name}: {len(text)} octets")
            # A maildrop shows two names of one file, with and without marks, as one message, as a mail reader
            # may be moving it at any time.
            base = name.split(":")[0] if place in USERS else folder
            found.setdefault((place, key), set()).add((base, os.stat(f"{path}/{name}").st_ino))
    aside = os.listdir(f"{spool}/queue/aside")
    if aside:
        problems.append(f"set aside: {aside}")
    for key, (known, where) in promises.stored.items():
        if known > position:
            continue
        for place in ("queue",) if where == "queue" else where:
            gone = promises.relayed.get(key) if where == "queue" else promises.deleted.get((place, key))
            if (place, key) not in found and (gone is None or gone > position):
                problems.append(f"{key} for {place} was accepted at {known} and is lost")
    for (place, key), files in found.items():
        where = promises.stored[key][1] if key in promises.stored else ()
        if len(files) > 1:
            problems.append(f"{key} for {place} is there more than once: {files}")
        if place != where and place not in where:
            problems.append(f"{key} for {where} is with {place}")
    return problems


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o600)
