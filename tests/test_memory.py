"""The memory that processes and their children need is measured while they run."""

import subprocess
import sys

import pytest

WATCH = """
import subprocess, sys, time
import psutil
from mnist_utils.memory import PeakMemory

code, expected = sys.argv[1], float(sys.argv[2])
processes = []
with PeakMemory(processes) as peak:
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) if code else None
    processes += [psutil.Process(child.pid)] if child else []
    end = time.monotonic() + (60 if code else 2.2)
    while not peak.bytes > expected and time.monotonic() < end:
        time.sleep(0.1)
    child and child.communicate()
print(peak.bytes)
"""
HOLD = "import subprocess, sys; held = b'x' * {size}; {then}"
WAIT = "sys.stdin.read()"
ONE = HOLD.format(size=200_000_000, then=WAIT)
GRANDCHILD = HOLD.format(size=100_000_000, then=WAIT)
TWO = HOLD.format(size=100_000_000, then=f"subprocess.run([sys.executable, '-c', {GRANDCHILD!r}])")


@pytest.mark.parametrize(("code", "low", "high"), [(ONE, 200e6, 260e6), (TWO, 200e6, 260e6),
                                                   ("", 0, 0)])  # fmt: skip
def test_processes_and_their_children_are_watched(code, low, high):
    command = [sys.executable, "-c", WATCH, code, str(low)]
    peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert low <= peak <= high
