"""The test inside the machine: `job.py first` after the installation, `job.py second` after a boot."""

import sys
import traceback

import first
import second

try:
    {"first": first, "second": second}[sys.argv[1]].run_checks()
except Exception:
    # A check reports its own failure; this is a mistake of the test itself.
    traceback.print_exc()
    print(f"FAIL the test of the {sys.argv[1]} boot comes to its end")
