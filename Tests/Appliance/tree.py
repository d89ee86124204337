"""A minimal Debian tree: the release of this machine, for the package was built for it."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys

# What a small Debian machine has. iproute2 gives the loopback device the addresses of a LAN.
BASE_PACKAGES = ("systemd", "systemd-sysv", "dbus", "iproute2")
# What the test itself needs inside: fetched with the tree, installed only after the package, so that
# no dependency the package forgot is there by accident.
TEST_PACKAGES = ("nsd", "openssl", "python3")
# Raise it when the making below changes: an older archive is then made anew.
RECIPE = 1


def release():
    """The code name of this machine's Debian, or None on anything else."""
    fields = platform.freedesktop_os_release()
    return fields.get("VERSION_CODENAME") if fields.get("ID") == "debian" else None


def sources():
    """The Debian archives that apt uses here: (site, release, component), without others' archives."""
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)",
         "Created-By: Packages"], capture_output=True, text=True, check=False).stdout
    rows = sorted({tuple(line.split()) for line in listing.splitlines()})
    name = release()
    return [row for row in rows
            if row[1] in (name, f"{name}-updates", f"{name}-security") and row[2] == "main"]


def reason_not_to_make():
    if not release():
        return "this machine is no Debian: the tree is made of its release"
    if not any(row[1] == release() for row in sources()):
        return f"apt knows no archive of {release()} (apt-get update)"
    return None


def archive(folder):
    """The kept archive's path: its name changes with whatever it is made from."""
    recipe = repr((RECIPE, release(), platform.machine(), sources(), BASE_PACKAGES, TEST_PACKAGES))
    return folder / f"tree-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.tar.zst"


def unpack(folder, root):
    kept = archive(folder)
    if not kept.exists():
        print(f"appliance: making a {release()} tree (once; kept as {kept.name})", flush=True)
        make(root)
        partial = kept.with_suffix(f".{os.getpid()}")
        subprocess.run(["tar", "--zstd", "--numeric-owner", "-C", root, "-cf", partial, "."],
                       check=True)
        partial.rename(kept)
        return
    root.mkdir()
    subprocess.run(["tar", "--zstd", "--numeric-owner", "-C", root, "-xpf", kept], check=True)


def make(root):
    site = next(row[0] for row in sources() if row[1] == release())
    logged(["debootstrap", "--variant=minbase", f"--include={','.join(BASE_PACKAGES)}",
            release(), root, site])
    lines = [f"deb {site} {name} {component}\n" for site, name, component in sources()]
    (root / "etc/apt/sources.list").write_text("".join(lines))
    apt(root, "update")
    apt(root, "--download-only", "install", *TEST_PACKAGES)


def fetch_dependencies(root, package):
    """Fetches what `package` depends on; the machine itself will have no network."""
    wanted = ("--download-only", "install", package, *TEST_PACKAGES)
    if not apt(root, *wanted, needed=False):
        # The archive moved on since the tree was kept: its old versions are not there any more.
        apt(root, "update")
        apt(root, *wanted)
    # No name of this machine's network leads out of the tree any more.
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    (root / "etc/hostname").write_text("gate\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n192.168.7.1 gate.home.example gate\n")


def apt(root, *arguments, needed=True):
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    return logged(["chroot", root, "apt-get", "-y", "--no-install-recommends", *arguments],
                  {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}, needed)


def logged(command, env=None, needed=True):
    """Runs a command that says much; shows it, and ends the test, when it fails and is needed."""
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0 and needed:
        sys.exit(f"{done.stdout}\nappliance: failed: {' '.join(map(str, command))}")
    return done.returncode == 0
