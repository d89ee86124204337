"""A minimal tree of a release of Debian, by default the release of this machine."""

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
TEST_PACKAGES = ("ca-certificates", "exim4-daemon-light", "nsd", "openssl", "python3")
# Raise it when the making below changes: an older archive is then made anew.
RECIPE = 2


def own_release():
    """The code name of this machine's Debian, or None on anything else."""
    fields = platform.freedesktop_os_release()
    return fields.get("VERSION_CODENAME") if fields.get("ID") == "debian" else None


def sources(release):
    """The archives of `release` that apt would use, as (site, release, component).

    They are those of this machine's own release, without others' archives, with the name replaced.
    """
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)",
         "Created-By: Packages"], capture_output=True, text=True, check=False).stdout
    own = own_release()
    kinds = {own: release, f"{own}-updates": f"{release}-updates",
             f"{own}-security": f"{release}-security"}
    if release == "sid":
        kinds = {own: release}
    rows = sorted({tuple(line.split()) for line in listing.splitlines()})
    return [(site, kinds[name], component) for site, name, component in rows
            if name in kinds and component == "main"]


def reason_not_to_make(release):
    own = own_release()
    if not own:
        return "this machine is no Debian: apt names no archive to make a tree of"
    if not any(row[1] == release for row in sources(release)):
        return f"apt knows no archive of {own} (apt-get update)"
    return None


def archive(folder, release):
    """The kept archive's path: its name changes with whatever it is made from."""
    recipe = repr((RECIPE, release, platform.machine(), sources(release), BASE_PACKAGES,
                   TEST_PACKAGES))
    return folder / f"{release}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.tar.zst"


def unpack(folder, root, release):
    kept = archive(folder, release)
    if not kept.exists():
        print(f"appliance: making a {release} tree (once; kept as {kept})", flush=True)
        make(root, release)
        partial = kept.with_suffix(f".{os.getpid()}")
        subprocess.run(["tar", "--zstd", "--numeric-owner", "-C", root, "-cf", partial, "."],
                       check=True)
        partial.rename(kept)
        return
    root.mkdir()
    subprocess.run(["tar", "--zstd", "--numeric-owner", "-C", root, "-xpf", kept], check=True)


def make(root, release):
    rows = sources(release)
    site = next(row[0] for row in rows if row[1] == release)
    logged(["debootstrap", "--variant=minbase", f"--include={','.join(BASE_PACKAGES)}",
            release, root, site])
    lines = [f"deb {site} {name} {component}\n" for site, name, component in rows]
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
    return logged(["chroot", root, "apt-get", "-y", "--no-install-recommends",
                   # A mirror that stands still is no reason to have no tree.
                   "-o", "Acquire::Check-Valid-Until=no", *arguments],
                  {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}, needed)


def logged(command, env=None, needed=True):
    """Runs a command that says much; shows it, and ends the test, when it fails and is needed."""
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0 and needed:
        sys.exit(f"{done.stdout}\nappliance: failed: {' '.join(map(str, command))}")
    return done.returncode == 0
