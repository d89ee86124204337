#!/usr/bin/python3
"""The provider of the demo: aiosmtpd with TLS from the start, the certificate of an authority, and a login.

  Tests/Demo/isp.py PORT CHAIN-AND-KEY DIRECTORY

Each message that it takes is a file in DIRECTORY. The interpreter is Debian's, for aiosmtpd is a package of Debian.
"""

import itertools
import pathlib
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Mailbox:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.numbers = itertools.count(1)

    async def handle_DATA(self, server, session, envelope):
        login = session.auth_data.login.decode()
        version = server.transport.get_extra_info("cipher")[1]
        text = f"(from {login}, by {version})\n".encode() + envelope.content
        partial = self.folder / "partial"
        partial.write_bytes(text.replace(b"\r\n", b"\n"))
        partial.rename(self.folder / f"message-isp-{next(self.numbers)}")
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"house", b"open-sesame")
    return AuthResult(success=right, handled=False, auth_data=data)


def main(port, pair, folder):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{pair}.chain", f"{pair}.key")
    controller = Controller(
        Mailbox(folder), hostname="127.0.0.1", port=int(port), ssl_context=context,
        server_hostname="smtp.isp.example", authenticator=authenticate, auth_required=True,
        # The connection begins with TLS; aiosmtpd means STARTTLS by this.
        auth_require_tls=False)
    controller.start()
    signal.pause()


main(*sys.argv[1:])
