"""Keras, imported without the messages that TensorFlow writes to stderr when it starts.

`from mnist_utils.startup import keras` is `import keras` without them: they come from C++, before
TF_CPP_MIN_LOG_LEVEL has any effect, and mean only that TensorFlow has looked at the machine. If
the import fails, they are shown. TensorFlow's later warning that functions are traced again and
again is left out, too: a lesson trains many networks, and each must be traced. So is the note where
an export keeps its temporary files.
"""

import logging
import os

from mnist_utils.quiet import quiet_stderr

__all__ = ["keras", "quiet_stderr"]


def _is_worth_reading(entry: logging.LogRecord) -> bool:
    text = entry.getMessage()
    return "triggered tf.function retracing" not in text and "Assets written to" not in text


logging.getLogger("tensorflow").addFilter(_is_worth_reading)
with quiet_stderr():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # later ones, such as on a missing GPU
    import keras
