"""No network: with this folder on PYTHONPATH, every Python process refuses to leave the machine.

What it refuses is also written to the file that OFFLINE_LOG names, for where the error is swallowed.
"""

import os
import sys

EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
          "socket.gethostbyname")  # fmt: skip


def refuse(event, arguments):
    if event not in EVENTS:
        return
    place = arguments[1] if event in EVENTS[:3] else arguments
    host = place[0] if isinstance(place, tuple) and place else None
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in ("", "localhost", "::1", "0.0.0.0") or host.startswith("127."):
        return  # this machine, or a socket that is a file
    if os.environ.get("OFFLINE_LOG"):
        with open(os.environ["OFFLINE_LOG"], "a") as log:
            log.write(f"{event} {place}\n")
    raise ConnectionRefusedError(f"no network here: {event} {place}")


sys.addaudithook(refuse)
