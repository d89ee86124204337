#!/usr/bin/env python3
"""A mail server at the other end: takes every message and keeps it in a file.

usage: hop.py PORT DIRECTORY
"""

import os
import socketserver
import sys
import tempfile


class Session(socketserver.StreamRequestHandler):
    def say(self, reply):
        self.wfile.write(reply.encode() + b"\r\n")

    def handle(self):
        self.say("220 mx.far.example ready")
        envelope = []
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say("354 go on")
                self.keep(envelope)
                envelope = []
                self.say("250 taken")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                if verb in (b"MAIL", b"RCPT"):
                    envelope.append(line)
                self.say("250 ok")

    def keep(self, envelope):
        """Writes the message under a name that appears when it is whole."""
        with tempfile.NamedTemporaryFile(dir=self.server.directory, prefix=".", delete=False) as file:
            file.writelines(envelope)
            while (line := self.rfile.readline()) and line != b".\r\n":
                file.write(line[1:] if line.startswith(b".") else line)
        os.rename(file.name, file.name.replace("/.", "/message-"))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("127.0.0.1", int(sys.argv[1])), Session) as server:
    server.directory = sys.argv[2]
    server.serve_forever()
