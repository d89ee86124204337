#!/usr/bin/env python3
"""A device that reads its mail by POP3 and shows the conversation.

usage: device.py PORT COMMAND...
"""

import socket
import sys

connection = socket.create_connection(("127.0.0.1", int(sys.argv[1]))).makefile("rwb")


def hear(is_long):
    """Shows a reply, and what follows a long one up to the lone dot."""
    line = connection.readline()
    print("<", line.decode().rstrip())
    if line.startswith(b"-ERR"):
        return
    while is_long and line != b".\r\n":
        line = connection.readline()
        print("<", line.decode().rstrip())


hear(False)
for command in sys.argv[2:]:
    print(">", command)
    connection.write(command.encode() + b"\r\n")
    connection.flush()
    hear(command.split()[0] in ("LIST", "UIDL", "RETR"))
