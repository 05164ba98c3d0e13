"""Checks of notebook 04: convolution with stride and padding, a stroke filter, a design."""

import numpy as np

from mnist_utils.checks import exercise

CONVOLUTIONS_OF_CNN_SMALL = 320 + 18_496


@exercise("4.1")
def check_conv2d(answer) -> str | None:
    if not callable(answer):
        return "answer_4_1 must be a function conv2d(image, kernel, stride=1, padding=0)."
    rng = np.random.default_rng(4)
    cases = [((7, 9), (3, 3), 1, 0), ((8, 8), (3, 3), 1, 1), ((9, 8), (3, 3), 2, 0),
             ((10, 11), (3, 2), 2, 1), ((11, 11), (5, 5), 3, 2)]  # fmt: skip
    for shape, window, stride, padding in cases:
        image, kernel = rng.normal(size=shape), rng.normal(size=window)
        kept = image.copy()
        result = np.asarray(answer(image, kernel, stride=stride, padding=padding))
        expected = _conv2d(image, kernel, stride, padding)
        case = f"image {shape}, kernel {window}, stride {stride}, padding {padding}"
        if not np.array_equal(image, kept):
            return "Your function changes the image that it is given; work on a copy."
        if result.shape != expected.shape:
            return (f"For {case} the output should have shape {expected.shape}, yours has "
                    f"{result.shape}: rows are (height + 2 · padding - kernel rows) // stride + 1.")  # fmt: skip
        if np.allclose(result, _conv2d(image, kernel[::-1, ::-1], stride, padding)):
            return "You turn the kernel by 180°. Deep learning's convolution leaves it as it is."
        if not np.allclose(result, expected):
            return f"The shape is right, the numbers are not, for {case}."
    if not np.allclose(answer(image, kernel), _conv2d(image, kernel, 1, 0)):
        return "Without stride and padding given, they should be 1 and 0."
    return None


@exercise("4.2")
def check_stroke_filter(answer) -> str | None:
    kernel = np.asarray(answer, dtype=float)
    if kernel.ndim != 2 or kernel.shape not in ((3, 3), (5, 5), (7, 7)):
        return f"The filter must be 3 x 3, 5 x 5 or 7 x 7; yours has shape {kernel.shape}."
    if not np.isfinite(kernel).all():
        return "Every weight must be a finite number."
    stroke, area = np.zeros((28, 28)), np.zeros((28, 28))
    stroke[12:15, 4:24] = 1
    area[14:] = 1

    def loudest(image):
        return max(_conv2d(image, kernel, 1, 0).max(), 0.0)

    wanted = loudest(stroke[:, 8:20])  # along the stroke, not at its ends
    if wanted <= 1e-9:
        return "It gives nothing along a horizontal stroke, after ReLU. Is its sign the wrong way round?"
    if loudest(np.ones((28, 28))) > 0.01 * wanted:
        return "It also answers where everything is ink. What must the weights sum to?"
    if loudest(stroke.T) > wanted / 3:
        share = loudest(stroke.T) / wanted
        return f"On a vertical stroke it reaches {share:.0%} of its answer to a horizontal one."
    share = max(loudest(area), loudest(area[::-1])) / wanted
    if share > 0.6:
        return (f"At the edge of a large inked area it reaches {share:.0%} of its answer to a "
                "stroke. A stroke has paper on both sides, and is three pixels thick.")  # fmt: skip
    return None


@exercise("4.3")
def check_stack(answer) -> str | None:
    size, jump, side, channels, parameters = 1, 1, 28, 1, 0
    for layer in answer:
        kind, window = layer[0], int(layer[1])
        if kind not in ("conv", "pool") or len(layer) != (3 if kind == "conv" else 2):
            return f'A layer is ("conv", window, filters) or ("pool", window); got {layer!r}.'
        if not 1 <= window <= 5 or (kind == "conv" and layer[2] < 1):
            return f"Windows are 1 to 5 wide, and filters at least 1 in number; got {layer!r}."
        size += (window - 1) * jump
        if kind == "conv":
            parameters += (window * window * channels + 1) * int(layer[2])
            channels, side = int(layer[2]), side - window + 1
        else:
            jump, side = jump * window, side // window
        if side < 2:
            return f"After {layer!r} the map has {max(side, 0)} rows; it needs 2 at the end."
    if size < 20:
        return (f"The receptive field is {size} pixels wide. A window adds (window - 1) · jump, "
                "so it is worth more after a pooling.")  # fmt: skip
    if channels < 64:
        return f"The stack ends in {channels} channels; at least 64 are asked for."
    if parameters > CONVOLUTIONS_OF_CNN_SMALL:
        return (f"It has {parameters:,} parameters, more than {CONVOLUTIONS_OF_CNN_SMALL:,}. "
                "A layer's cost is the product of the channels before and after it.")  # fmt: skip
    return None


def _conv2d(image: np.ndarray, kernel: np.ndarray, stride: int, padding: int) -> np.ndarray:
    patches = np.lib.stride_tricks.sliding_window_view(np.pad(image, padding), kernel.shape)
    return np.einsum("hwij,ij->hw", patches[::stride, ::stride], kernel)
