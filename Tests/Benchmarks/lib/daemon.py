"""A whole gatepostd in a scratch directory, and what the kernel says about it."""
import base64
import hashlib
import hmac
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PASSWORD = "secret"


def free_ports(count):
    """Ports that nobody listens on; all are held until the last is known."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def verifier(password):
    """What `gatepost user add` would write; made here because the tool takes one user at a time."""
    salt, iterations = b"0123456789abcdef", 10_000
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    sign = lambda key, text: hmac.new(key, text, "sha256").digest()
    stored = hashlib.sha256(sign(salted, b"Client Key")).digest()
    text = [base64.b64encode(part).decode() for part in
            (salt, stored, sign(salted, b"Server Key"))]
    return "{SCRAM-SHA-256}%d,%s,%s,%s" % (iterations, *text)


def field(path, name):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


class Daemon:
    """One instance; `hop` is the port of its smarthost, where by default nothing listens."""

    SERVICES = ("smtp", "submission", "submissions", "pop3", "pop3s")

    def __init__(self, binary, directory, users=10, hop=None):
        self.binary, self.directory = binary, pathlib.Path(directory)
        shutil.rmtree(directory, ignore_errors=True)
        for name in ("spool", "state", "run"):
            (self.directory / name).mkdir(parents=True)
        self.users = [f"user{number}" for number in range(users)]
        line = verifier(PASSWORD)
        self.write("users", "".join(f"{name}:{line}:\n" for name in self.users), 0o640)
        *ports, nobody = free_ports(len(self.SERVICES) + 1)
        self.ports = dict(zip(self.SERVICES, ports))
        listen = "".join(f"{name} = 127.0.0.1:{port}\n" for name, port in self.ports.items())
        d = self.directory
        self.write("gatepost.conf", f"""\
[server]
hostname = gw.bench.example
domains = home.example
spool = {d}/spool
state = {d}/state
runtime = {d}/run
users = {d}/users
[listen]
{listen}[tls]
certificate = {d}/cert.pem
key = {d}/key.pem
[relay]
networks = 127.0.0.0/8
smarthost = smtp://127.0.0.1:{hop or nobody}
[queue]
retry = 6h
""", 0o640)
        self.process = None
        self.hop = hop or nobody

    def redirect(self, port):
        """Names another next hop; for the next start."""
        path = self.directory / "gatepost.conf"
        text = path.read_text().replace(f"127.0.0.1:{self.hop}\n", f"127.0.0.1:{port}\n")
        self.write("gatepost.conf", text, 0o640)
        self.hop = port

    def write(self, name, text, mode):
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)

    def maildrop(self, user):
        return self.directory / "spool" / "mail" / user

    def queue(self):
        return sum(1 for part in ("new", "cur")
                   for _ in os.scandir(self.directory / "spool" / "queue" / part))

    def start(self):
        """Starts the daemon; returns the seconds from exec to the banner on its SMTP port."""
        log = open(self.directory / "log", "ab")
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [self.binary, "-c", self.directory / "gatepost.conf"], stderr=log)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.ports["smtp"])) as client:
                    if client.recv(512).startswith(b"220"):
                        return time.perf_counter() - begin
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit((self.directory / "log").read_text()[-2000:])
                time.sleep(0.0001)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
            self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def memory(self):
        """KiB: anonymous, proportional share, and the number of threads."""
        process = f"/proc/{self.process.pid}"
        return (field(f"{process}/status", "RssAnon"), field(f"{process}/smaps_rollup", "Pss"),
                field(f"{process}/status", "Threads"))

    def anonymous(self):
        return field(f"/proc/{self.process.pid}/status", "RssAnon")

    def cpu_seconds(self):
        """To the nanosecond; /proc/PID/stat would count ticks of 10 ms."""
        return sum(int((task / "schedstat").read_text().split()[0])
                   for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()) / 1e9

    def disk(self):
        """KiB written to the device of the spool, and its cache flushes, so far."""
        device = os.stat(self.directory).st_dev
        for line in pathlib.Path("/proc/diskstats").read_text().splitlines():
            fields = line.split()
            if (int(fields[0]), int(fields[1])) == (os.major(device), os.minor(device)):
                return int(fields[9]) / 2, int(fields[18])
        return None
