"""What a check asks the machine about the daemon: unit, process, files, settings."""

import glob
import grp
import os
import pwd
import stat

from report import run, until

UNIT = "gatepost.service"
CONFIGURATION = "/etc/gatepost/gatepost.conf"
DROP_IN = "/etc/gatepost/conf.d/appliance.conf"
CERTIFICATE = "/etc/gatepost/tls/cert.pem"
KEY = "/etc/gatepost/tls/key.pem"
WHITELIST = "/var/lib/gatepost/whitelist"
QUEUE = "/var/spool/gatepost/queue"
MAIL = "/var/spool/gatepost/mail"

# The LAN side only, so that the outside exchanger of the test finds its own port 25 free. The camera's
# address is one of this machine, as all of the test are, so it has to be named to count.
SETTINGS = """\
[server]
hostname = gate.home.example
domains = home.example
[listen]
smtp = 192.168.7.1:25
submission = 192.168.7.1:587
submissions = 192.168.7.1:465
pop3 = 192.168.7.1:110
pop3s = 192.168.7.1:995
[pop-before-smtp]
networks = 192.168.7.20
[queue]
retry = 2s
{more}
"""


def configure(more="", listen_everywhere=False):
    text = SETTINGS.format(more=more)
    if listen_everywhere:
        text = text.replace(" = 192.168.7.1:", " = ")
    write(DROP_IN, text)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def show(name, unit=UNIT):
    return run("systemctl", "show", "--value", "--property", name, unit)


def pid():
    """The daemon's process, once it runs."""
    return until(lambda: int(show("MainPID")), "the daemon runs")


def process_status(field):
    for line in read(f"/proc/{pid()}/status").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    return None


def owner_and_mode(path):
    """Like `root:gatepost 0640`."""
    facts = os.stat(path)
    return (f"{pwd.getpwuid(facts.st_uid).pw_name}:{grp.getgrgid(facts.st_gid).gr_name} "
            f"{stat.S_IMODE(facts.st_mode):04o}")


def listening_ports():
    """The TCP ports this machine listens on, by IPv4 or IPv6."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in read(table).splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


def whitelist():
    """The file of grants; before the first grant there is none."""
    return read(WHITELIST) if os.path.exists(WHITELIST) else ""


def queued():
    return glob.glob(f"{QUEUE}/new/*") + glob.glob(f"{QUEUE}/cur/*")


def delivered(user):
    return glob.glob(f"{MAIL}/{user}/new/*") + glob.glob(f"{MAIL}/{user}/cur/*")


def failed_units():
    return run("systemctl", "list-units", "--failed", "--no-legend", "--plain")


def restart():
    run("systemctl", "restart", UNIT)
