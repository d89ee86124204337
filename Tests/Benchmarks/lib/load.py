"""Clients and servers that load a daemon, in processes of their own and in few system calls."""
import os
import select
import signal
import socket
import ssl
import sys

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), 60)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def answer(client, good):
    """Reads one reply of one or more lines."""
    text = client.recv(4096)
    while not text.endswith(b"\n") or text[text.rfind(b"\n", 0, -1) + 1:][3:4] == b"-":
        text += client.recv(4096) or sys.exit("the server has hung up")
    if text[:1] not in good:
        sys.exit(f"the server says {text!r}")
    return text


def command(client, text, good=b"23"):
    client.sendall(text)
    return answer(client, good)


def children(count, work):
    """Runs `work(number)` in `count` processes that begin together; returns when all have ended."""
    ready, go = os.pipe(), os.pipe()
    pids = []
    for number in range(count):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                generator = work(number)
                next(generator)
                os.write(ready[1], b".")
                os.read(go[0], 1)
                next(generator, None)
                status = 0
            except BaseException as error:
                print(f"client {number}: {error!r}", file=sys.stderr)
                os.write(ready[1], b"!")
            finally:
                os._exit(status)
        pids.append(pid)
    seen = 0
    while seen < count:
        seen += len(os.read(ready[0], count))

    def run():
        os.write(go[1], b"." * count)
        failed = [pid for pid in pids if os.waitpid(pid, 0)[1] != 0]
        for end in (*ready, *go):
            os.close(end)
        if failed:
            raise SystemExit(f"{len(failed)} of {count} clients failed")
    return run


def message(octets):
    head = b"From: a@bench.example\r\nTo: b@far.example\r\nSubject: load\r\n\r\n"
    line = b"x" * 72 + b"\r\n"
    return head + line * ((octets - len(head)) // len(line))


def senders(port, count, messages, octets=4096):
    """`count` senders of together `messages`: each in a connection of its own, one step at a time.

    Like smtp-source of Postfix without options, the harshest pattern and the one of devices.
    """
    content = message(octets) + b".\r\n"

    def send(number):
        share = messages // count + (number < messages % count)
        yield
        for _ in range(share):
            client = connect(port)
            answer(client, b"2")
            command(client, b"EHLO bench.example\r\n")
            command(client, b"MAIL FROM:<a@bench.example>\r\n")
            command(client, b"RCPT TO:<b@far.example>\r\n")
            command(client, b"DATA\r\n")
            command(client, content)
            command(client, b"QUIT\r\n")
            client.close()
    return children(count, send)


class Sink:
    """A next hop that takes everything: `processes` of them share one port."""

    def __init__(self, processes=2):
        self.counter, self.visits = os.pipe(), os.pipe()
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        self.pids = []
        for _ in range(processes):
            pid = os.fork()
            if pid == 0:
                try:
                    self.serve(listener)
                finally:
                    os._exit(1)
            self.pids.append(pid)
        listener.close()

    def serve(self, listener):
        poll = select.epoll()
        poll.register(listener, select.EPOLLIN)
        clients = {}
        while True:
            for number, _ in poll.poll():
                if number == listener.fileno():
                    try:
                        client = listener.accept()[0]
                    except BlockingIOError:
                        continue
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    client.sendall(b"220 sink ESMTP\r\n")
                    os.write(self.visits[1], b".")
                    poll.register(client, select.EPOLLIN)
                    clients[client.fileno()] = [client, b"", False]
                elif not self.take(clients[number]):
                    clients.pop(number)[0].close()

    def take(self, session):
        """Answers what has arrived; of content only the last octets are kept."""
        client, rest, is_content = session
        octets = client.recv(1 << 18)
        if not octets:
            return False
        rest += octets
        replies = b""
        while True:
            if is_content:
                end = rest.find(b"\r\n.\r\n")
                if end < 0:
                    rest = rest[-4:]
                    break
                rest, is_content = rest[end + 5:], False
                replies += b"250 taken\r\n"
                os.write(self.counter[1], b".")
            line, mark, after = rest.partition(b"\r\n")
            if not mark:
                break
            rest, verb = after, line[:4].upper()
            if verb == b"DATA":
                is_content, rest = True, b"\r\n" + rest
                replies += b"354 go on\r\n"
            elif verb == b"EHLO":
                replies += b"250-sink\r\n250-PIPELINING\r\n250-SIZE\r\n250 8BITMIME\r\n"
            else:
                replies += b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n"
        if replies:
            client.sendall(replies)
        session[1:] = rest, is_content
        return True

    def wait(self, messages):
        while messages > 0:
            messages -= len(os.read(self.counter[0], messages))

    def connections(self):
        """How many there were since this was last asked; at most 65,536."""
        os.set_blocking(self.visits[0], False)
        try:
            return len(os.read(self.visits[0], 1 << 16))
        except BlockingIOError:
            return 0

    def close(self):
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def smtp_session(port, tls):
    """An SMTP session that has said EHLO, over STARTTLS if asked, and stays."""
    client = connect(port)
    answer(client, b"2")
    command(client, b"EHLO bench.example\r\n")
    if tls:
        command(client, b"STARTTLS\r\n")
        client = TLS.wrap_socket(client)
        command(client, b"EHLO bench.example\r\n")
    return client


class POP3:
    """A POP3 session of a logged-in user."""

    def __init__(self, port, user, password, tls=False):
        self.client = connect(port)
        if tls:
            self.client = TLS.wrap_socket(self.client)
        self.line()
        self.say(b"USER %s" % user.encode())
        self.say(b"PASS %s" % password.encode())

    def line(self):
        text = self.client.recv(4096)
        while not text.endswith(b"\n"):
            text += self.client.recv(4096)
        if not text.startswith(b"+OK"):
            raise SystemExit(f"the server says {text!r}")

    def say(self, text):
        self.client.sendall(text + b"\r\n")
        self.line()

    def drain(self, answers):
        """Reads `answers` replies of several lines; returns their octets."""
        total, tail = 0, b""
        while answers > 0:
            octets = self.client.recv(1 << 18)
            if not octets:
                raise SystemExit("the server has hung up")
            total += len(octets)
            tail += octets
            answers -= tail.count(b"\r\n.\r\n")
            # A mark that has been counted must not be counted again with what comes.
            tail = b"" if tail.endswith(b"\r\n.\r\n") else tail[-4:]
        return total

    def all(self, command):
        self.client.sendall(command + b"\r\n")
        return self.drain(1)

    def retrieve(self, messages):
        """RETR of the first `messages`, pipelined in groups that fit a socket's buffer."""
        total = 0
        for first in range(1, messages + 1, 100):
            group = range(first, min(first + 100, messages + 1))
            self.client.sendall(b"".join(b"RETR %d\r\n" % number for number in group))
            total += self.drain(len(group))
        return total

    def quit(self):
        self.say(b"QUIT")
        self.client.close()
