"""The provider: Exim as smarthost with a certificate of an authority and a login, and our own certificate.

The authority is one like the public ones: a root that the machine's store knows or does not know, an
intermediate that the servers send, and leaves.
"""

import os
import poplib
import smtplib
import ssl

import authority
import gate
from network import DEVICE, GATE, LIMIT_SECONDS, PORTS, PROVIDER, log_in, send
from report import check, equal, expect, run, until

NAME = "smtp.isp.example"
PKI = "/appliance/pki"
STORE_FILE = "/usr/local/share/ca-certificates/appliance-root.crt"
MAILBOX = "/appliance/isp/mailbox"

ZONE = f"""\
$ORIGIN isp.example.
$TTL 60
@     SOA ns hostmaster 1 3600 600 86400 60
@     NS  ns
ns    A   127.0.0.1
smtp  A   {PROVIDER}
"""
EXIM = f"""\
primary_hostname = {NAME}
local_interfaces = {PROVIDER}
daemon_smtp_ports = 465 : 587
tls_on_connect_ports = 465
tls_advertise_hosts = *
tls_certificate = {PKI}/{NAME}.chain
tls_privatekey = {PKI}/{NAME}.key
log_file_path = /appliance/isp/%slog
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept authenticated = *
  deny message = log in first
begin routers
all:
  driver = accept
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  file = {MAILBOX}
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${{if def:tls_in_cipher}}
  server_condition = ${{if and{{{{eq{{$auth2}}{{house}}}}{{eq{{$auth3}}{{open-sesame}}}}}}}}
  server_set_id = $auth2
"""


def run_checks():
    make_authority()
    start_provider()
    check_untrusted()
    check_trusted()
    check_login()
    check_own_certificate()
    check_removed_authority()
    gate.configure()
    run("systemctl", "reload", gate.UNIT)
    run("systemctl", "stop", "isp")


def make_authority():
    """Root, intermediate, one leaf for the provider (RSA) and one for the gate (P-256)."""
    authority.make(PKI, (NAME, "gate.home.example:p256"))
    run("chmod", "644", f"{PKI}/{NAME}.key")


def start_provider():
    os.makedirs(os.path.dirname(MAILBOX))
    run("chown", "Debian-exim", os.path.dirname(MAILBOX))
    gate.write("/etc/exim4/exim4.conf", EXIM)
    run("systemd-run", "--quiet", "--unit=isp", "/usr/sbin/exim4", "-bdf")
    until(lambda: {465, 587} <= gate.listening_ports(), "Exim listens")


def use_provider(url, password="open-sesame"):
    gate.write("/etc/gatepost/secrets", f"isp house {password}\n")
    gate.configure(f"[relay]\nnetworks = {DEVICE}\nsmarthost = {url}\ncredentials = isp")
    run("systemctl", "reload", gate.UNIT)


def arrived(subject):
    return os.path.exists(MAILBOX) and f"Subject: {subject}\n" in gate.read(MAILBOX)


def journal(word):
    """Whether the daemon has said a line with this word."""
    return word in run("journalctl", "-u", gate.UNIT, "-o", "cat", "--no-pager")


def check_untrusted():
    with check("a provider whose authority is not in the system's store gets nothing, and the log says why"):
        use_provider(f"smtps://{NAME}:465")
        equal(send(DEVICE, "eva@outside.example", "for the provider")[0], 250, "reply")
        until(lambda: journal("certificate"), "a deferral for the certificate")
        equal(len(gate.queued()), 1, "messages in the queue")
        expect(not arrived("for the provider"), "it has arrived")


def check_trusted():
    with check("once update-ca-certificates has the authority the message leaves, without a restart"):
        run("cp", f"{PKI}/root.pem", STORE_FILE)
        run("update-ca-certificates")
        until(lambda: flushed() and arrived("for the provider"), "delivery over smtps", seconds=60)
        until(lambda: not gate.queued(), "an empty queue")
    with check("the log says by which TLS it went"):
        expect(journal("tls=TLSv1.3"), "no tls=TLSv1.3")
    with check("with STARTTLS on the port of submission too"):
        use_provider(f"smtp://{NAME}:587")
        equal(send(DEVICE, "eva@outside.example", "by submission")[0], 250, "reply")
        until(lambda: arrived("by submission"), "delivery")
        until(lambda: not gate.queued(), "an empty queue")


def flushed():
    run("gatepost", "queue", "flush", status=None)
    return True


def check_login():
    with check("a wrong password at the provider keeps the message, and status shows it"):
        use_provider(f"smtps://{NAME}:465", password="wrong")
        equal(send(DEVICE, "eva@outside.example", "wrong password")[0], 250, "reply")
        until(lambda: journal("535"), "the refusal in the log")
        equal(len(gate.queued()), 1, "messages in the queue")
        expect("house" in run("gatepost", "status", status=None), "status does not name the user")
    with check("with the right one a reload is enough for it to leave"):
        use_provider(f"smtps://{NAME}:465")
        until(lambda: arrived("wrong password"), "delivery", seconds=60)
        until(lambda: not gate.queued(), "an empty queue")


def check_own_certificate():
    with check("with a certificate of that authority each service passes the checks of Python"):
        for source, name in (("chain", gate.CERTIFICATE), ("key", gate.KEY)):
            gate.write(name, gate.read(f"{PKI}/gate.home.example.{source}"))
        run("systemctl", "reload", gate.UNIT)
        name, context = "gate.home.example", ssl.create_default_context()
        with smtplib.SMTP_SSL(name, PORTS["submissions"], context=context) as session:
            equal(session.noop()[0], 250, "reply on 465")
        for service in ("smtp", "submission"):
            with smtplib.SMTP(name, PORTS[service], timeout=LIMIT_SECONDS) as session:
                equal(session.starttls(context=context)[0], 220, f"reply on {service}")
                equal(session.noop()[0], 250, f"reply on {service}")
        session = poplib.POP3_SSL(name, PORTS["pop3s"], context=context)
        session.user("ben")
        session.pass_("secret two")
        session.quit()
        session = poplib.POP3(name, PORTS["pop3"])
        session.stls(context)
        session.quit()
    with check("its name and chain pass openssl's checks on every port"):
        for service, option in (("submissions", ()), ("pop3s", ()), ("smtp", ("-starttls", "smtp")),
                                ("submission", ("-starttls", "smtp")), ("pop3", ("-starttls", "pop3"))):
            run("openssl", "s_client", "-connect", f"{GATE}:{PORTS[service]}", "-verify_return_error",
                "-verify_hostname", "gate.home.example", "-brief", *option, given="QUIT\r\n")
    with check("gatepost check finds no fault in it"):
        run("gatepost", "check")


def check_removed_authority():
    with check("an authority that is taken out of the store is trusted no more, without a reload"):
        os.remove(STORE_FILE)
        run("update-ca-certificates", "--fresh")
        log_in(DEVICE).quit()
        equal(send(DEVICE, "eva@outside.example", "no trust left")[0], 250, "reply")
        until(lambda: gate.queued() and gate.queued()[0].startswith(f"{gate.QUEUE}/cur/"),
              "a first attempt")
        expect(not arrived("no trust left"), "it has arrived")
        gate.configure()
        run("gatepost", "queue", "remove", "all", "--yes")
