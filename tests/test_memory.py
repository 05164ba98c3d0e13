"""The memory that the children of a process need is measured while they run."""

import subprocess
import sys
import time

from mnist_utils.memory import PeakMemory

HOLD = "import subprocess, sys; held = b'x' * {size}; {then}"
WAIT = "sys.stdin.read()"


def watch(code, expected):
    """Run a child until it needs as many bytes as expected, or a minute has passed; the peak."""
    with PeakMemory() as peak:
        child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
        end = time.monotonic() + 60
        while peak.bytes < expected and time.monotonic() < end:
            time.sleep(0.1)
        child.communicate()
    return peak.bytes


def test_a_childs_memory_is_seen():
    assert 200e6 < watch(HOLD.format(size=200_000_000, then=WAIT), 200e6) < 260e6


def test_a_grandchilds_is_added():
    grandchild = HOLD.format(size=100_000_000, then=WAIT)
    then = f"subprocess.run([sys.executable, '-c', {grandchild!r}])"
    assert 200e6 < watch(HOLD.format(size=100_000_000, then=then), 200e6) < 260e6


def test_no_child_no_memory():
    with PeakMemory() as peak:
        time.sleep(2.2)
    assert peak.bytes == 0
