"""Reading exported networks back: Keras, LiteRT and ONNX files, without trusting them.

Nothing is unpickled, and no code from a file is executed. A file that is damaged, or holds
something else than a digit reader of this package's kind, is a ModelFileError that says so.
"""

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnist_utils.keras_files import LARGEST, ModelFileError, check_ports, read_keras
from mnist_utils.preprocessing import check_images
from mnist_utils.quiet import quiet_stderr

__all__ = ["SUMS", "LiteRT", "ModelFileError", "Onnx", "load", "read_sums"]

SUMS = "SHA256SUMS"  # as `sha256sum` writes it and `sha256sum --check` reads it


def load(path: str | Path, *, threads: int = 1) -> Callable[[np.ndarray], np.ndarray]:
    """Read an exported network; its name must end in .keras, .tflite or .onnx.

    Where a file SHA256SUMS beside it lists it, as `export.export` writes one, its sum must agree.

    Args:
        path: the file.
        threads: processor threads that LiteRT and ONNX Runtime may use; Keras uses all.

    Returns:
        A function of images (n, 28, 28), pixels 0-255 of any numeric dtype, to float32
        probabilities (n, 10): a keras.Model, a LiteRT or an Onnx. The latter two must not be
        called by two threads at once.

    Raises:
        ModelFileError: if the file is missing, damaged, too large, or something else.
        ModuleNotFoundError: if ai-edge-litert or onnxruntime is needed and not installed.
    """
    path = Path(path)
    readers = {".keras": read_keras, ".tflite": LiteRT, ".onnx": Onnx}
    if path.suffix not in readers:
        raise ModelFileError(f"{path.name} must end in one of {', '.join(readers)}")
    content = _read(path)
    try:
        reader = readers[path.suffix](content, threads)
    except ModuleNotFoundError:
        raise
    except ModelFileError as error:
        raise ModelFileError(f"{path.name}: {error}") from error
    except Exception as error:  # whatever a damaged file makes the libraries raise
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ModelFileError(f"{path.name} is damaged or of another kind: {reason}") from error
    _try_out(reader, path.name)
    return reader


class LiteRT:
    """A .tflite network in LiteRT's interpreter, one image after another.

    Batches would be hardly faster, as a call costs a few microseconds only.
    """

    def __init__(self, content: bytes, threads: int = 1):
        from ai_edge_litert.interpreter import Interpreter

        if content[4:8] != b"TFL3":
            raise ModelFileError("it does not begin like a LiteRT file")
        with quiet_stderr():  # it says how it computes
            self._interpreter = Interpreter(model_content=content, num_threads=threads)
        sources, targets = (self._interpreter.get_input_details(),
                            self._interpreter.get_output_details())  # fmt: skip
        check_ports([(part["shape"], part["dtype"]) for part in sources],
                     [(part["shape"], part["dtype"]) for part in targets])  # fmt: skip
        self._source, self._target = sources[0]["index"], targets[0]["index"]
        with quiet_stderr():
            self._interpreter.allocate_tensors()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        check_images(images)
        images = np.asarray(images, np.float32)
        answers = np.empty((len(images), 10), np.float32)
        for place in range(len(images)):
            self._interpreter.set_tensor(self._source, images[place : place + 1])
            self._interpreter.invoke()
            answers[place] = self._interpreter.get_tensor(self._target)[0]
        return answers


class Onnx:
    """An .onnx network in ONNX Runtime on the processor, some images at a time."""

    batch = 100

    def __init__(self, content: bytes, threads: int = 1):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # what goes wrong is raised
        # From bytes, so that the file can't make it read others beside it.
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        sources, targets = self._session.get_inputs(), self._session.get_outputs()
        dtypes = {"tensor(float)": np.float32}
        check_ports([(part.shape, dtypes.get(part.type)) for part in sources],
                     [(part.shape, dtypes.get(part.type)) for part in targets])  # fmt: skip
        self._source = sources[0].name

    def __call__(self, images: np.ndarray) -> np.ndarray:
        check_images(images)
        images = np.asarray(images, np.float32)
        parts = [self._session.run(None, {self._source: images[start : start + self.batch]})[0]
                 for start in range(0, len(images), self.batch)]  # fmt: skip
        return np.concatenate(parts) if parts else np.empty((0, 10), np.float32)


def _read(path: Path) -> bytes:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # a pipe might never end
            raise ModelFileError(f"{path} can't be read: it is not a file")
        if about.st_size > LARGEST:
            raise ModelFileError(f"{path.name} is larger than {LARGEST // 2**20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path} can't be read: {error.strerror}") from error
    if not content:
        raise ModelFileError(f"{path.name} is empty")
    known = read_sums(path.parent).get(path.name)
    if known is not None and known != hashlib.sha256(content).hexdigest():
        raise ModelFileError(f"{path.name} is not the file that was exported: its SHA-256 sum is "
                             f"not the one in {path.parent / SUMS}")  # fmt: skip
    return content


def read_sums(folder: Path) -> dict[str, str]:
    """Return the sums that a folder's SHA256SUMS lists, by file name; none without such a file."""
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{folder / SUMS} can't be read: {error}") from error
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return {pair[1].lstrip("*"): pair[0] for pair in pairs if len(pair) == 2}


def _try_out(reader, name: str) -> None:
    """Raise ModelFileError unless the network answers a blank and a full image by probabilities."""
    images = np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)])
    try:
        answers = np.asarray(reader(images))
    except Exception as error:
        raise ModelFileError(f"{name} can't be run: {error}") from error
    if answers.shape != (2, 10) or not np.allclose(answers.sum(axis=1), 1, atol=0.03):
        raise ModelFileError(f"{name} does not answer with probabilities of ten digits")
