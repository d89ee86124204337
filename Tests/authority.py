#!/usr/bin/env python3
"""A certificate authority made by openssl(1), for the tests that are scripts.

  Tests/authority.py DIRECTORY NAME [NAME:p256 ...]

makes in DIRECTORY: root.pem, a folder `store` as /etc/ssl/certs is, and for each host name NAME.chain (the leaf and
its intermediate) and NAME.key, RSA unless `:p256` is behind the name.
"""

import os
import shutil
import subprocess
import sys

EXTENSIONS = """\
[request]
distinguished_name = none
[none]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:$ENV::NAME
"""
KEYS = {"rsa": ("RSA", "rsa_keygen_bits:2048"), "p256": ("EC", "ec_paramgen_curve:P-256")}


def make(folder, names):
    os.makedirs(f"{folder}/store")
    with open(f"{folder}/openssl.cnf", "w", encoding="utf-8") as file:
        file.write(EXTENSIONS)
    issue(folder, "root", "Test Root", "rsa", "root", None)
    issue(folder, "intermediate", "Test Intermediate", "rsa", "intermediate", "root")
    for entry in names:
        name, _, key = entry.partition(":")
        issue(folder, name, name, key or "rsa", "leaf", "intermediate")
        with open(f"{folder}/{name}.chain", "wb") as chain:
            for part in (name, "intermediate"):
                with open(f"{folder}/{part}.pem", "rb") as certificate:
                    chain.write(certificate.read())
    for copy in ("root.pem", "ca-certificates.crt"):
        shutil.copy(f"{folder}/root.pem", f"{folder}/store/{copy}")
    openssl(folder, "rehash", "store")


def issue(folder, name, subject, key, extensions, issuer):
    algorithm, option = KEYS[key]
    openssl(folder, "genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", f"{name}.key")
    openssl(folder, "req", "-new", "-config", "openssl.cnf", "-section", "request",
            "-key", f"{name}.key", "-subj", f"/O=Example/CN={subject}", "-out", f"{name}.csr",
            NAME=name)
    signer = (("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial")
              if issuer else ("-signkey", f"{name}.key"))
    openssl(folder, "x509", "-req", "-days", "90", "-in", f"{name}.csr", "-extfile", "openssl.cnf",
            "-extensions", extensions, "-out", f"{name}.pem", *signer, NAME=name)


def openssl(folder, *arguments, **environment):
    done = subprocess.run(("openssl", *arguments), cwd=folder, env={**os.environ, **environment},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"openssl {' '.join(arguments)}: {done.stdout}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    make(sys.argv[1], sys.argv[2:])
