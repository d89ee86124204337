"""PASS and FAIL lines, one a check; a check that fails does not end the test."""

import subprocess
import time
import traceback

failed = 0


class Failure(Exception):
    """What a check saw in place of what it wanted."""


class check:
    """`with check("a sentence"):` reports PASS, or FAIL with the reason."""

    def __init__(self, sentence):
        self.sentence = sentence

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        global failed
        if error is None:
            print(f"PASS {self.sentence}", flush=True)
            return True
        if not issubclass(kind, Exception):
            return False
        failed += 1
        print(f"FAIL {self.sentence}", flush=True)
        where = traceback.extract_tb(trace)[-1]
        reason = str(error) or kind.__name__
        if not isinstance(error, Failure):
            reason = f"{kind.__name__}: {reason} ({where.name}, line {where.lineno})"
        for line in reason.splitlines():
            print(f"     {line}", flush=True)
        return True


def expect(condition, reason):
    if not condition:
        raise Failure(reason)


def equal(seen, wanted, what):
    expect(seen == wanted, f"{what} is {seen!r}, not {wanted!r}")


def run(*command, given=None, status=0):
    """Runs a command; with another exit status than `status` (None: any) the check fails."""
    done = subprocess.run(command, input=given, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if status is not None:
        expect(done.returncode == status,
               f"{' '.join(command)}: exit status {done.returncode}, not {status}\n{done.stdout}")
    return done.stdout.strip()


def until(condition, what, seconds=20):
    """Waits until `condition` holds; its truthy value is the result."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        expect(time.monotonic() < deadline, f"not within {seconds} s: {what}")
        time.sleep(0.05)
