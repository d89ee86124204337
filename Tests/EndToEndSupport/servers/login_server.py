"""An SMTP server of aiosmtpd whose AUTH PLAIN is odd.

Usage: login_server.py PORT unknown|repeats: PLAIN is offered and answered with 504, or its initial response is ignored.
"""
import sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

mode = sys.argv[2]

class Server(SMTP):
    async def auth_PLAIN(self, server, args):
        if mode == "unknown":
            await self.push("504 5.5.4 Unrecognized authentication type")
            return AuthResult(success=False, handled=True)
        await self.push("334 ")
        line = await self._reader.readline()
        print("again", line.decode().strip() == args[1], flush=True)
        return AuthResult(success=True, handled=False)

class Here(Controller):
    def factory(self):
        return Server(self.handler, authenticator=self.check, auth_require_tls=False, auth_required=True)
    def check(self, server, session, envelope, mechanism, data):
        print("login", mechanism, data.login.decode(), data.password.decode(), flush=True)
        return AuthResult(success=data.password == b"secret")

class Handler:
    async def handle_DATA(self, server, session, envelope):
        print("mail", flush=True)
        return "250 2.0.0 taken"

controller = Here(Handler(), hostname="127.0.0.1", port=int(sys.argv[1]))
controller.start()
print("listening", flush=True)
while True:
    time.sleep(3600)
