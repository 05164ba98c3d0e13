"""Keras, imported without the messages that TensorFlow writes to stderr when it starts.

`from mnist_utils.startup import keras` is `import keras` without them: they come from C++, before
TF_CPP_MIN_LOG_LEVEL has any effect, and mean only that TensorFlow has looked at the machine. If
the import fails, they are shown. TensorFlow's later warning that functions are traced again and
again is left out, too: a lesson trains many networks, and each must be traced.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keras", "quiet_stderr"]


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep back what is written to the process's stderr, from C++ too, unless an error is raised."""
    with tempfile.TemporaryFile() as kept:
        sys.stderr.flush()
        stderr = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(stderr, kept.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _is_worth_reading(entry: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in entry.getMessage()


logging.getLogger("tensorflow").addFilter(_is_worth_reading)
with quiet_stderr():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # later ones, such as on a missing GPU
    import keras
