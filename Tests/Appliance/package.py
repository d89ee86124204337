"""What can be said of the package without installing it."""

import shutil
import subprocess

PROGRAMS = ("usr/sbin/gatepostd", "usr/bin/gatepost")
# Libraries that parse what strangers send: Debian's security updates have to reach them.
SYSTEM_LIBRARIES = ("libssl3", "libldns3", "libcrypt1", "libc6")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check(package, folder, report):
    content = folder / "content"
    subprocess.run(["dpkg-deb", "-x", package, content], check=True)
    try:
        for name in PROGRAMS:
            faults = faults_of(content / name)
            report.verdict(f"{name} is position independent, read-only after relocation, stripped",
                           faults)
    finally:
        shutil.rmtree(content)

    depends = output("dpkg-deb", "-f", package, "Depends")
    names = {entry.split()[0] for entry in depends.split(",")}
    report.verdict("TLS, DNS and password hashing are the system's",
                   [f"no dependency on {name}" for name in SYSTEM_LIBRARIES if name not in names])
    report.verdict("no file is writable for others or runs as its owner",
                   [line for line in output("dpkg-deb", "-c", package).splitlines()
                    if line[0] != "l" and (line[8] == "w" or "s" in line[:10].lower())])


def faults_of(program):
    """What a hardened program has not to have, or lacks."""
    header = output("readelf", "-hW", program)
    segments = [line.split() for line in output("readelf", "-lW", program).splitlines()]
    dynamic = output("readelf", "-dW", program)
    sections = output("readelf", "-SW", program)
    # A row is: type, three addresses, two sizes, flags such as `RW` or `R E`, alignment.
    flags = {row[0]: "".join(row[6:-1]) for row in segments if row and row[0].startswith("GNU_")}
    loads = ["".join(row[6:-1]) for row in segments if row and row[0] == "LOAD"]
    return [fault for fault, found in {
        "not position independent": "DYN" not in header,
        "no GNU_RELRO segment": "GNU_RELRO" not in flags,
        "symbols are bound lazily": "BIND_NOW" not in dynamic,
        "the stack is executable": "E" in flags.get("GNU_STACK", "E"),
        "a segment is writable and executable": any("W" in f and "E" in f for f in loads),
        "no segments were found": not loads,
        "not stripped": " .symtab " in sections or " .debug_info " in sections,
    }.items() if found]
