"""The first boot: the package as it was just installed, then the main job."""

import os
import poplib
import smtplib

import gate
import isp
from network import (DEVICE, EXCHANGER, GATE, OTHER, PORTS, STRANGER, Exchanger, banners, log_in,
                     send, unverified)
from report import check, equal, expect, run, until

ZONE = f"""\
$ORIGIN outside.example.
$TTL 60
@   SOA ns hostmaster 1 3600 600 86400 60
@   NS  ns
ns  A   127.0.0.1
@   MX  10 mx
mx  A   {EXCHANGER}
"""
NAME_SERVER = """\
server:
    ip-address: 127.0.0.1
zone:
    name: outside.example
    zonefile: /etc/nsd/outside.example.zone
zone:
    name: isp.example
    zonefile: /etc/nsd/isp.example.zone
"""


def run_checks():
    check_installation()
    check_sandbox()
    prepare_the_job()
    check_local_mail()
    check_pop_before_smtp()
    check_tls()
    check_reload()
    check_broken_configuration()
    check_kill()
    isp.run_checks()
    leave_a_message_for_the_next_boot()


def check_installation():
    with check("no unit has failed"):
        equal(gate.failed_units(), "", "the list of failed units")
    with check("the daemon says the version of the package"):
        version = run("dpkg-query", "-W", "-f", "${Version}", "gatepost")
        expect(version in run("gatepostd", "--version"), f"no {version}")
    with check("the shipped configuration has no error"):
        run("gatepostd", "--check")
        run("gatepost", "check")
    with check("all five services listen, on the ports of RFC 5321, 6409, 8314 and 1939"):
        missing = set(PORTS.values()) - gate.listening_ports()
        expect(not missing, f"nobody listens on {sorted(missing)}")
    with check("files and folders have the owner and mode they need"):
        for path, wanted in {
                "/etc/gatepost": "root:root 0755",
                "/etc/gatepost/conf.d": "root:root 0755",
                gate.CONFIGURATION: "root:gatepost 0640",
                "/etc/gatepost/users": "root:gatepost 0640",
                "/etc/gatepost/secrets": "root:gatepost 0640",
                "/etc/gatepost/tls": "gatepost:gatepost 0750",
                gate.KEY: "gatepost:gatepost 0600",
                "/var/spool/gatepost": "gatepost:gatepost 0750",
                "/var/lib/gatepost": "gatepost:gatepost 0750"}.items():
            equal(gate.owner_and_mode(path), wanted, path)
    with check("an authority of the machine and a P-256 certificate were made, and are known to each other"):
        text = run("openssl", "x509", "-in", gate.CERTIFICATE, "-noout", "-text")
        expect("P-256" in text or "prime256v1" in text, text)
        authority = "/etc/gatepost/tls/authority.pem"
        expect("OK" in run("openssl", "verify", "-CAfile", authority, gate.CERTIFICATE), "not of the authority")
        expect("BEGIN CERTIFICATE" in run("gatepost", "certificate", "export"), "nothing to export")


    with check("the socket of the tool is for root and the daemon's group, and the tool reaches it"):
        equal(gate.owner_and_mode("/run/gatepost/control"), "gatepost:gatepost 0660", "its mode")
        expect("queued: 0" in run("gatepost", "status"), "the status does not say what is queued")
    with check("the hooks for a network that returns flush the queue, and say nothing"):
        for hook in ("/usr/lib/networkd-dispatcher/routable.d/50-gatepost",
                     "/etc/NetworkManager/dispatcher.d/50-gatepost",
                     "/etc/network/if-up.d/gatepost"):
            equal(gate.owner_and_mode(hook), "root:root 0755", hook)
            equal(run("env", "IFACE=eth0", hook, "eth0", "up"), "", f"what {hook} says")


def check_sandbox():
    with check("the daemon runs as gatepost, not as root"):
        user = run("id", "-u", "gatepost")
        equal(gate.process_status("Uid"), "\t".join([user] * 4), "Uid")
    with check("its only capability is to bind the mail ports"):
        for kind in ("CapEff", "CapPrm", "CapBnd"):
            equal(int(gate.process_status(kind), 16), 1 << 10, kind)
    with check("system calls are filtered, and no new privileges can be had"):
        equal(gate.process_status("Seccomp"), "2", "Seccomp")
        equal(gate.process_status("NoNewPrivs"), "1", "NoNewPrivs")
    with check("it can write its spool, its state and its TLS folder, and nothing else"):
        inside = ("nsenter", "-t", str(gate.pid()), "-m", "--")
        for path in ("/var/spool/gatepost", "/var/lib/gatepost", "/etc/gatepost/tls"):
            run(*inside, "sh", "-c", f"touch {path}/.try && rm {path}/.try")
        for path in ("/etc/gatepost", "/usr", "/var/spool", "/var/lib", "/etc", "/var/log"):
            run(*inside, "touch", f"{path}/.try", status=1)
    with check("systemd has no complaint about the units"):
        run("systemd-analyze", "verify", "--man=no", gate.UNIT, "gatepost.socket")


def prepare_the_job():
    with check("`gatepost user add` makes a user and keeps the file's mode"):
        for name, password in (("anna", "secret one"), ("ben", "secret two")):
            run("gatepost", "user", "add", name, "--password-stdin", given=password + "\n")
        equal(gate.owner_and_mode("/etc/gatepost/users"), "root:gatepost 0640", "users")
    with check("the daemon takes a configuration for the LAN"):
        with open(gate.CONFIGURATION, "a", encoding="utf-8") as file:
            file.write("# The administrator was here.\n")
        gate.configure()
        gate.restart()
        equal(set(banners()), set(PORTS), "the services with a greeting")
    with check("the test's own name server knows the MX"):
        gate.write("/etc/nsd/outside.example.zone", ZONE)
        gate.write("/etc/nsd/isp.example.zone", isp.ZONE)
        gate.write("/etc/nsd/nsd.conf.d/outside.conf", NAME_SERVER)
        run("systemctl", "restart", "nsd")


def check_local_mail():
    with check("mail from outside for a user lands in the user's Maildir"):
        equal(send(STRANGER, "anna@home.example", "for anna", "eva@outside.example")[0], 250, "reply")
        until(lambda: gate.delivered("anna"), "a file in the Maildir")
    with check("an unknown user is refused at RCPT"):
        code, text = send(STRANGER, "nobody@home.example", "x", "eva@outside.example")
        equal((code, text[:5]), (550, "5.1.1"), "reply")


def check_pop_before_smtp():
    with check("without a grant a device cannot relay"):
        equal(send(DEVICE, "eva@outside.example", "too early")[1][:5], "5.7.1", "reply")
    with check("a wrong password earns no grant"):
        try:
            log_in(DEVICE, password="wrong")
            expect(False, "the wrong password was taken")
        except poplib.error_proto:
            pass
        equal(send(DEVICE, "eva@outside.example", "too early")[1][:5], "5.7.1", "reply")
    with check("a POP3 login reads the mail and earns a grant, which the whitelist shows"):
        session = log_in(DEVICE)
        equal(session.stat()[0], 1, "messages")
        expect(b"Subject: for anna" in session.retr(1)[1], "not the message that was sent")
        session.quit()
        until(lambda: DEVICE in gate.whitelist(), f"{DEVICE} in {gate.WHITELIST}")
        expect(DEVICE in run("gatepost", "whitelist"), "`gatepost whitelist` does not show it")
    with check("the device's message goes to the MX that DNS names, and leaves the queue"):
        with Exchanger() as exchanger:
            equal(send(DEVICE, "eva@outside.example", "movement seen")[0], 250, "reply")
            until(lambda: exchanger.has("movement seen"), "delivery")
            until(lambda: not gate.queued(), "an empty queue")
    with check("no envelope of the queue file leaves the machine"):
        expect("Gatepost-" not in exchanger.messages[0], exchanger.messages[0])
    with check("another device of the same LAN still cannot relay"):
        equal(send(OTHER, "eva@outside.example", "x")[1][:5], "5.7.1", "reply")


def check_tls():
    with check("POP3S and STARTTLS work, with the certificate that was made"):
        session = poplib.POP3_SSL(GATE, PORTS["pop3s"], context=unverified())
        session.user("ben")
        session.pass_("secret two")
        session.quit()
        with smtplib.SMTP(GATE, PORTS["submission"], timeout=15) as session:
            equal(session.starttls(context=unverified())[0], 220, "reply")
            equal(session.login("ben", "secret two")[0], 235, "reply")
    with check("the certificate stays the same over a restart"):
        before = gate.read(gate.CERTIFICATE)
        gate.restart()
        equal(gate.read(gate.CERTIFICATE), before, "certificate")


def check_reload():
    process = gate.pid()
    with check("a reload takes a new trusted network, in the same process"):
        gate.configure(f"[relay]\nnetworks = {OTHER}")
        run("systemctl", "reload", gate.UNIT)
        until(lambda: send(OTHER, "eva@outside.example", "trusted now")[0] == 250, "a 250")
        equal(gate.pid(), process, "process")
    with check("a reload with an error says so and changes nothing"):
        gate.configure("[relay]\nnetwork = 0.0.0.0/0")
        run("systemctl", "reload", gate.UNIT, status=1)
        equal(gate.show("ActiveState"), "active", "state")
        equal(gate.pid(), process, "process")
        equal(send(STRANGER, "eva@outside.example", "x")[1][:5], "5.7.1", "reply to a stranger")


def check_broken_configuration():
    with check("a start with an error in the configuration ends with 78 and is not tried again"):
        run("systemctl", "restart", gate.UNIT, status=1)
        equal(gate.show("ExecMainStatus"), "78", "exit status")
        equal(gate.show("ActiveState"), "failed", "state")
    with check("with the error mended it starts"):
        gate.configure()
        gate.restart()
        equal(gate.failed_units(), "", "the list of failed units")


def check_kill():
    with check("a killed daemon is started again, and its grants and queue are still there"):
        equal(len(gate.queued()), 1, "messages in the queue before")
        process = gate.pid()
        os.kill(process, 9)
        until(lambda: gate.show("ActiveState") == "active" and gate.pid() != process, "a new process")
        equal(len(gate.queued()), 1, "messages in the queue after")
        with Exchanger() as exchanger:
            equal(send(DEVICE, "eva@outside.example", "still granted")[0], 250, "reply")
            until(lambda: exchanger.has("still granted"), "the new message")
            until(lambda: exchanger.has("trusted now"), "the message from before the kill")
            until(lambda: not gate.queued(), "an empty queue")


def leave_a_message_for_the_next_boot():
    with check("a message whose next hop is down stays in the queue"):
        equal(send(DEVICE, "eva@outside.example", "after the boot")[0], 250, "reply")
        until(lambda: gate.queued() and gate.queued()[0].startswith(f"{gate.QUEUE}/cur/"),
              "a first attempt")
    with check("no unit has failed at the end of the first boot"):
        equal(gate.failed_units(), "", "the list of failed units")
