"""The small network of the test: addresses, clients bound to one, the outside mail exchanger."""

import poplib
import smtplib
import socket
import socketserver
import ssl
import threading

GATE = "192.168.7.1"        # the machine itself
DEVICE = "192.168.7.20"     # a camera on the LAN, which logs in by POP3 first
OTHER = "192.168.7.21"      # another device, which never did
STRANGER = "203.0.113.9"    # a host of the Internet
EXCHANGER = "192.168.7.25"  # the MX of outside.example, says the zone
PROVIDER = "192.168.7.26"   # smtp.isp.example, the smarthost

PORTS = {"smtp": 25, "submission": 587, "submissions": 465, "pop3": 110, "pop3s": 995}
LIMIT_SECONDS = 15


class BoundPOP3(poplib.POP3):
    """POP3 from a given address, which poplib has no argument for."""

    def __init__(self, source):
        self.source = source
        super().__init__(GATE, PORTS["pop3"], LIMIT_SECONDS)

    def _create_socket(self, timeout):
        return socket.create_connection((self.host, self.port), timeout, (self.source, 0))


def log_in(source, user="anna", password="secret one"):
    """A POP3 session after USER and PASS; a wrong password raises poplib.error_proto."""
    session = BoundPOP3(source)
    session.user(user)
    session.pass_(password)
    return session


def unverified():
    """TLS with a self-signed certificate, as a device would take it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def send(source, recipient, subject, sender="camera@home.example"):
    """Sends one message by SMTP; returns the reply to the first command that was refused, or to the
    end of data, as (code, text)."""
    with smtplib.SMTP(GATE, PORTS["smtp"], source, LIMIT_SECONDS, (source, 0)) as session:
        session.ehlo(f"[{source}]")
        text = f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\nHi.\r\n"
        for step in (lambda: session.mail(sender), lambda: session.rcpt(recipient),
                     lambda: session.data(text)):
            try:
                code, reply = step()
            except smtplib.SMTPDataError as refused:
                code, reply = refused.smtp_code, refused.smtp_error
            if code >= 400:
                break
        return code, reply.decode(errors="replace")


def banners():
    """The first line of every service, by name; with TLS where it comes first."""
    lines = {}
    for name, port in PORTS.items():
        with socket.create_connection((GATE, port), LIMIT_SECONDS, (DEVICE, 0)) as plain:
            stream = unverified().wrap_socket(plain) if name in ("submissions", "pop3s") else plain
            lines[name] = stream.recv(512).decode(errors="replace")
    return lines


class Exchanger:
    """The mail exchanger of the outside: takes every message and keeps it."""

    def __init__(self):
        self.messages = []
        exchanger = self

        class Session(socketserver.StreamRequestHandler):
            timeout = LIMIT_SECONDS

            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                self.say("220 mx.outside.example ESMTP")
                for line in self.rfile:
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        self.say("354 go on")
                        exchanger.messages.append(self.read_data())
                        self.say("250 2.0.0 taken")
                    elif verb == b"EHLO":
                        self.say("250-mx.outside.example")
                        self.say("250 PIPELINING")
                    elif verb == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 2.0.0 ok")

            def read_data(self):
                lines = []
                for line in self.rfile:
                    if line == b".\r\n":
                        break
                    lines.append(line)
                return b"".join(lines).decode(errors="replace")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server((EXCHANGER, 25), Session)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def has(self, subject):
        return any(f"Subject: {subject}\r\n" in message for message in self.messages)
