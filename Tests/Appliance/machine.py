"""Boots the tree and follows what is reported inside."""

import subprocess
import sys
import time

UNIT = """\
[Unit]
Description=Appliance test
After=multi-user.target
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=oneshot
ExecStart=/appliance/inside/start {phase}
StandardOutput=append:/appliance/report
StandardError=append:/appliance/report
[Install]
WantedBy=multi-user.target
"""
# The last line of a phase that came to its end.
END = "END OF PHASE "


class Report:
    """The lines of the machine as they come, and their count."""

    def __init__(self, copy):
        self.copy = open(copy, "w", encoding="utf-8")
        self.passed = 0
        self.failed = 0

    def line(self, text):
        self.passed += text.startswith("PASS ")
        self.failed += text.startswith("FAIL ")
        print(text, flush=True)
        print(text, file=self.copy, flush=True)

    def verdict(self, sentence, faults):
        self.line(f"{'FAIL' if faults else 'PASS'} {sentence}")
        for fault in faults:
            self.line(f"     {fault}")

    def keep_journal(self, root, file):
        """Keeps the machine's whole journal beside the report; what went wrong is there."""
        journal = subprocess.run(
            ["journalctl", "--no-pager", "-o", "short-precise", "-D", root / "var/log/journal"],
            capture_output=True, text=True, check=False).stdout
        file.write_text(journal)
        if self.failed:
            print(f"appliance: the journal of the machine: {file}", file=sys.stderr)

    def close(self):
        self.line(f"{self.passed} passed, {self.failed} failed")
        self.copy.close()
        return 1 if self.failed or not self.passed else 0


def boot(root, phase, limit_seconds, report):
    """Boots the machine until its job has powered it off; says whether the job came to its end."""
    unit = root / "etc/systemd/system/appliance.service"
    unit.write_text(UNIT.format(phase=phase))
    wanted = root / "etc/systemd/system/multi-user.target.wants/appliance.service"
    wanted.unlink(missing_ok=True)
    wanted.symlink_to("/etc/systemd/system/appliance.service")
    (root / "var/log/journal").mkdir(exist_ok=True)
    log = root / "appliance/report"
    log.write_text("")

    with open(root / "appliance/console", "wb") as console:
        process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot",
             "--private-network", "--settings=no", "--link-journal=no", "--resolv-conf=off",
             "--timezone=off", f"--machine={root.name}", "-D", root],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console)
    try:
        ended = follow(process, log, phase, time.monotonic() + limit_seconds, report)
    finally:
        stop(process)
    if not ended:
        report.verdict(f"the {phase} boot comes to its end", [f"its job ended early, or took more than {limit_seconds} s"])
        console_text = (root / "appliance/console").read_text(errors="replace")
        print("\n".join(console_text.splitlines()[-15:]), file=sys.stderr)
    return ended


def follow(process, log, phase, deadline, report):
    ended = False
    with open(log, encoding="utf-8", errors="replace") as lines:
        partial = ""
        while True:
            running = process.poll() is None
            text = lines.readline()
            if text:
                partial += text
                if partial.endswith("\n"):
                    line, partial = partial.rstrip("\n"), ""
                    if line == END + phase:
                        ended = True
                    else:
                        report.line(line)
                continue
            if not running or time.monotonic() > deadline:
                return ended
            time.sleep(0.1)


def stop(process):
    """Ends the machine we started: an orderly shutdown first, which nspawn makes of SIGTERM."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
