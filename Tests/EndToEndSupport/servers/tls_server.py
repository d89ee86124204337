"""An SMTP server whose TLS is Python's, with the troubles that servers have.

Usage: tls_server.py PORT CERTIFICATE KEY MODE [OPTION...]

A line is printed for each event: `listening`, `hello OCTETS`, `session VERSION full|resumed`, `mail tls|clear`, `quit`.
"""
import socket
import ssl
import struct
import sys
import threading

port, certificate, key, mode = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
options = sys.argv[5:]


def say(*words):
    print(*words, flush=True)


def make_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if "tls1.2" in options:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if "tls1.1" in options:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    if mode == "wants-certificate":
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificate)
    return context


context = make_context()


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hello_of(connection):
    """The ClientHello, left unread."""
    while True:
        data = connection.recv(20000, socket.MSG_PEEK)
        if len(data) < 5:
            if not data:
                return b""
            continue
        length = struct.unpack(">H", data[3:5])[0]
        if len(data) >= 5 + length:
            return data[:5 + length]


def offers_session(hello):
    """Whether a ClientHello has a ticket (35) that is not empty, or a pre-shared key (41)."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + struct.unpack(">H", hello[at:at + 2])[0]
    at += 1 + hello[at]
    end = at + 2 + struct.unpack(">H", hello[at:at + 2])[0]
    at += 2
    while at < end:
        kind, length = struct.unpack(">HH", hello[at:at + 4])
        if kind == 41 or kind == 35 and length > 0:
            return True
        at += 4 + length
    return False


def start_tls(connection):
    """The connection under TLS; None where the trouble has ended it."""
    hello = hello_of(connection)
    say("hello", len(hello))
    if mode == "resets":
        reset(connection)
        return None
    if mode == "alerts-resumed" and offers_session(hello):
        say("alert")
        connection.recv(len(hello))
        connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
        connection.close()
        return None
    if mode == "drops-large" and len(hello) > int(options[0]):
        while connection.recv(4096):
            pass
        return None
    try:
        secured = context.wrap_socket(connection, server_side=True)
    except (ssl.SSLError, OSError) as error:
        say("failed", type(error).__name__, error)
        connection.close()
        return None
    say("session", secured.version(), "resumed" if secured.session_reused else "full")
    if mode == "cuts-resumed" and secured.session_reused:
        reset(secured)
        return None
    return secured


def serve(connection):
    is_secured = "implicit" in options
    if is_secured:
        connection = start_tls(connection)
        if connection is None:
            return
    stream = connection.makefile("rb")

    def reply(*lines):
        for line in lines[:-1]:
            connection.sendall(b"%d-%s\r\n" % (line[0], line[1]))
        connection.sendall(b"%d %s\r\n" % lines[-1])

    reply((220, b"mx.far.example ESMTP"))
    while True:
        line = stream.readline()
        if not line:
            return
        verb = line.split()[0].upper() if line.split() else b""
        if verb == b"EHLO":
            offer = [(250, b"mx.far.example"), (250, b"8BITMIME")]
            if not is_secured:
                offer.append((250, b"STARTTLS"))
            reply(*offer)
        elif verb == b"STARTTLS" and mode == "puts-off":
            reply((454, b"4.7.0 TLS not available"))
        elif verb == b"STARTTLS" and mode == "hangs-up":
            connection.close()
            return
        elif verb == b"STARTTLS":
            reply((220, b"go ahead"))
            secured = start_tls(connection)
            if secured is None:
                return
            connection, stream, is_secured = secured, secured.makefile("rb"), True
        elif verb == b"DATA":
            reply((354, b"go ahead"))
            while stream.readline() not in (b".\r\n", b""):
                pass
            say("mail", "tls" if is_secured else "clear")
            reply((250, b"2.0.0 taken"))
        elif verb == b"QUIT":
            say("quit")
            reply((221, b"bye"))
            connection.close()
            return
        else:
            reply((250, b"2.0.0 ok"))


def run(connection):
    try:
        serve(connection)
    except (ssl.SSLError, OSError) as error:
        say("failed", type(error).__name__, error)


listener = socket.create_server(("127.0.0.1", port))
say("listening")
while True:
    client, _ = listener.accept()
    threading.Thread(target=run, args=(client,), daemon=True).start()
