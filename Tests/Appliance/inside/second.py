"""The second boot: what comes back by itself, the upgrade, socket activation, remove and purge."""

import os
import poplib
import shutil
import socket
import threading

import gate
from network import DEVICE, GATE, LIMIT_SECONDS, PORTS, Exchanger, banners, log_in, send
from report import Failure, check, equal, expect, run, until

EXAMPLE = "/usr/share/doc/gatepost/examples/without-capability.conf"
UNIT_DROP_IN = "/etc/systemd/system/gatepost.service.d/without-capability.conf"


def run_checks():
    check_boot()
    check_late_disk()
    check_upgrade()
    check_socket_activation()
    check_remove()
    check_purge()


def check_boot():
    with check("the service comes back with the machine"):
        equal(gate.show("ActiveState"), "active", "state")
        equal(gate.failed_units(), "", "the list of failed units")
    with check("the message from before the boot goes out when the next hop is back"):
        equal(len(gate.queued()), 1, "messages in the queue")
        with Exchanger() as exchanger:
            until(lambda: exchanger.has("after the boot"), "delivery")
            until(lambda: not gate.queued(), "an empty queue")


def check_late_disk():
    spool, disk = "/var/spool/gatepost", "/var/spool/gatepost-disk"
    run("systemctl", "stop", gate.UNIT)
    os.rename(spool, disk)
    os.mkdir(spool, 0o750)
    shutil.chown(spool, "gatepost", "gatepost")
    with check("without the disk of the spool the service runs, and puts off mail in each protocol"):
        run("systemctl", "start", gate.UNIT)
        equal(gate.show("ActiveState"), "active", "state")
        try:
            log_in(DEVICE)
            raise Failure("POP3 lets a user in")
        except poplib.error_proto as error:
            expect(b"[SYS/TEMP]" in error.args[0], f"POP3 says {error.args[0]!r}")
        equal(send(DEVICE, "anna@home.example", "no disk")[0], 451, "reply")
        equal(os.listdir(spool), [], "what was made in the empty directory")
    with check("the sandbox sees the disk that is mounted later, and the service goes on by itself"):
        run("mount", "--bind", disk, spool)
        until(lambda: "trouble: spool" not in run("gatepost", "status", status=None), "the spool is used")
        log_in(DEVICE).quit()
    run("systemctl", "stop", gate.UNIT)
    run("umount", spool)
    os.rmdir(spool)
    os.rename(disk, spool)
    run("systemctl", "start", gate.UNIT)


def check_upgrade():
    kept = {path: gate.read(path) for path in (
        gate.CONFIGURATION, gate.DROP_IN, "/etc/gatepost/users", gate.CERTIFICATE, gate.KEY)}
    modes = {path: gate.owner_and_mode(path) for path in kept}
    before = gate.pid()
    with check("an upgrade restarts the daemon"):
        apt("install", "-o", "Dpkg::Options::=--force-confold", "/appliance/gatepost-next.deb")
        equal(gate.show("ActiveState"), "active", "state")
        expect(gate.pid() != before, "the old process still runs")
    with check("an upgrade keeps configuration, users, certificate, and their modes"):
        for path, text in kept.items():
            equal(gate.read(path), text, path)
            equal(gate.owner_and_mode(path), modes[path], path)
        expect(os.path.exists(gate.CONFIGURATION + ".dpkg-dist"), "no gatepost.conf.dpkg-dist")
    with check("configuring the package again changes nothing"):
        run("dpkg-reconfigure", "-f", "noninteractive", "gatepost")
        for path, text in kept.items():
            equal(gate.read(path), text, path)
            equal(gate.owner_and_mode(path), modes[path], path)


def check_socket_activation():
    with check("with gatepost.socket the daemon works without any capability"):
        gate.configure(listen_everywhere=True)
        os.makedirs(os.path.dirname(UNIT_DROP_IN), exist_ok=True)
        gate.write(UNIT_DROP_IN, gate.read(EXAMPLE))
        run("systemctl", "daemon-reload")
        run("systemctl", "stop", gate.UNIT)
        run("systemctl", "enable", "--now", "gatepost.socket")
        run("systemctl", "start", gate.UNIT)
        for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            equal(int(gate.process_status(kind), 16), 0, kind)
    with check("each of the five sockets leads to its own service"):
        greetings = banners()
        for name in PORTS:
            wanted = "+OK" if name.startswith("pop3") else "220 "
            expect(greetings[name].startswith(wanted), f"{name}: {greetings[name]!r}")
        log_in(DEVICE).quit()
        # The name server answers REFUSED for this domain, which is no reason to give up.
        equal(send(DEVICE, "eva@unknown.example", "by socket")[0], 250, "reply")
    with check("a restart refuses no connection"):
        refused, ended = [], threading.Event()

        def knock():
            while not ended.is_set():
                try:
                    with socket.create_connection((GATE, PORTS["smtp"]), LIMIT_SECONDS,
                                                  (DEVICE, 0)):
                        pass
                except ConnectionRefusedError as error:
                    refused.append(error)
                ended.wait(0.01)

        knocking = threading.Thread(target=knock)
        knocking.start()
        gate.restart()
        ended.set()
        knocking.join()
        equal(refused, [], "refused connections")


def check_remove():
    with check("remove ends the daemon and its sockets, and keeps settings and mail"):
        daemon = gate.pid()
        apt("remove", "gatepost")
        until(lambda: not os.path.exists(f"/proc/{daemon}"), "the process is gone")
        open_ports = set(PORTS.values()) & gate.listening_ports()
        equal(open_ports, set(), "ports still open")
        for path in (gate.CONFIGURATION, "/etc/gatepost/users", gate.KEY, gate.WHITELIST):
            expect(os.path.exists(path), f"{path} is gone")
        equal(len(gate.queued()), 1, "messages in the queue")
        equal(gate.failed_units(), "", "the list of failed units")
    with check("installed again it goes on with what was kept"):
        apt("install", "-o", "Dpkg::Options::=--force-confold", "/appliance/gatepost-next.deb")
        log_in(DEVICE).quit()
        equal(len(gate.queued()), 1, "messages in the queue")


def check_purge():
    # Not the package's: the administrator of this test wrote it.
    os.remove(UNIT_DROP_IN)
    os.rmdir(os.path.dirname(UNIT_DROP_IN))
    with check("purge leaves nothing behind"):
        apt("purge", "gatepost")
        left = run("find", "/", "-xdev", "(", "-path", "/appliance", "-o", "-path", "/proc",
                   "-o", "-path", "/sys", "-o", "-path", "/var/log/journal", ")", "-prune", "-o",
                   "(", "-iname", "*gatepost*", "-o", "-user", "gatepost", ")", "-print",
                   status=None)
        equal(left, "", "what is left")
    with check("no unit has failed after the purge"):
        run("systemctl", "daemon-reload")
        equal(gate.failed_units(), "", "the list of failed units")


def apt(*arguments):
    run("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "apt-get", "-y",
        "--no-install-recommends", *arguments)
