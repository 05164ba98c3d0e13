"""Where a network looks: Grad-CAM and occlusion, as maps of the pixels.

Such a map is a hint and not evidence: hold it against the map of a network with random weights.
"""

import numpy as np

from mnist_utils.evaluation.inputs import check_digits
from mnist_utils.logits import check_ending, gradient
from mnist_utils.preprocessing import check_images
from mnist_utils.startup import keras

layers = keras.layers


def grad_cam(
    model: keras.Model, images: np.ndarray, digits: np.ndarray, layer: str | None = None
) -> np.ndarray:
    """Return Grad-CAM's maps (Selvaraju and others, 2017): where the model finds these digits.

    The channels of a convolution's output are added up, each weighted by the mean slope of the
    digit's logit with respect to it; what is negative is cut off.

    Args:
        model: a Sequential network whose last layer is dense with softmax.
        images: array (n, 28, 28), pixels 0-255.
        digits: the digit that each map is about, integer (n,), 0-9.
        layer: the name of a convolution; None for the last one.

    Returns:
        float array (n, 28, 28), at least 0: the coarse map, each of its values put where its
        receptive field has its middle, with straight lines between them.

    Raises:
        ValueError: if the network, images or digits are not such, or there is no such convolution.
    """
    check_images(images)
    check_ending(model)
    digits = check_digits("digits", digits, length=len(images))
    place = _find_convolution(model, layer)
    chosen, output = model.layers[place], model.layers[-1]
    maps = keras.ops.convert_to_numpy(keras.Model(model.inputs[0], chosen.output)(images))
    wanted = keras.ops.one_hot(digits, 10)

    def score(maps):
        for part in model.layers[place + 1 : -1]:
            maps = part(maps, training=False)
        return keras.ops.sum((keras.ops.matmul(maps, output.kernel) + output.bias) * wanted)

    weights = gradient(score, maps).mean(axis=(1, 2), keepdims=True)  # (n, 1, 1, channels)
    coarse = np.maximum((weights * maps).sum(axis=3), 0)
    return spread(coarse, field_centres(model, chosen.name))


def occlusion(
    model, images: np.ndarray, digits: np.ndarray, *, size: int = 6, step: int = 2
) -> np.ndarray:
    """Return by how much the digit's probability falls where a square of paper hides the ink.

    (Zeiler and Fergus, 2014.) No gradient is needed, so the model may be anything.

    Args:
        model: a keras.Model, or any function of images (n, 28, 28) that gives probabilities.
        images: array (n, 28, 28), pixels 0-255.
        digits: the digit that each map is about, integer (n,), 0-9.
        size: the square's side in pixels, 1 to 28.
        step: by how many pixels it moves.

    Returns:
        float array (n, 28, 28): for each pixel the mean fall over all squares that hide it, 0
        where none does; negative where hiding helps.

    Raises:
        ValueError: if the images or digits are not such, or size or step are out of range.
    """
    check_images(images)
    digits = check_digits("digits", digits, length=len(images))
    if not 1 <= size <= 28 or step < 1:
        raise ValueError(f"need a size of 1 to 28 and a step of at least 1, got {size}, {step}")
    before = probabilities(model, images)[np.arange(len(images)), digits]
    corners = [(row, column) for row in range(0, 29 - size, step)
               for column in range(0, 29 - size, step)]  # fmt: skip
    hidden = np.zeros((len(corners), 28, 28), bool)
    for mask, (row, column) in zip(hidden, corners, strict=True):
        mask[row : row + size, column : column + size] = True
    falls = np.empty((len(images), len(corners)))
    for start in range(0, len(images), 20):  # a few images at a time, to be quick and spare memory
        some = slice(start, start + 20)
        changed = np.where(hidden, 0, images[some, None])  # (images, squares, 28, 28)
        after = probabilities(model, changed.reshape(-1, 28, 28))
        after = after.reshape(*changed.shape[:2], -1)
        after = np.take_along_axis(after, digits[some, None, None], axis=2)[..., 0]
        falls[some] = before[some, None] - after
    squares = hidden.reshape(len(corners), 784).astype(float)
    return (falls @ squares / np.maximum(squares.sum(axis=0), 1)).reshape(-1, 28, 28)


def probabilities(model, images: np.ndarray) -> np.ndarray:
    """Return what a keras.Model, or any other function, says of images (n, 28, 28): (n, 10).

    The model is called directly, 1,000 images at a time: `predict` would compile anew for every
    number of images.
    """
    parts = [images[start : start + 1000] for start in range(0, len(images), 1000)]
    return np.concatenate([keras.ops.convert_to_numpy(model(part)) for part in parts])


def field_centres(model: keras.Model, layer: str) -> np.ndarray:
    """Return at which pixel (row or column) the receptive field of each unit of a map is centred.

    Args:
        model: a Sequential network of layers that treat rows and columns alike.
        layer: the name of the layer that makes the map.

    Returns:
        float array (side of the map,), in pixels of the image.

    Raises:
        ValueError: if there is no such layer.
    """
    centre, jump = 0.0, 1
    for part in model.layers:
        if isinstance(part, layers.Cropping2D):
            centre += part.cropping[0][0] * jump
        elif isinstance(part, layers.Conv2D | layers.MaxPooling2D | layers.AveragePooling2D):
            window = (part.kernel_size if isinstance(part, layers.Conv2D) else part.pool_size)[0]
            stride, side, pad = part.strides[0], part.input.shape[1], 0
            if part.padding == "same":
                pad = max((-(-side // stride) - 1) * stride + window - side, 0) // 2
            centre += ((window - 1) / 2 - pad) * jump
            jump *= stride
        if part.name == layer:
            return centre + jump * np.arange(part.output.shape[1])
    raise ValueError(f"no layer named {layer!r}; there are "
                     f"{', '.join(part.name for part in model.layers)}")  # fmt: skip


def spread(coarse: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Draw maps (n, side, side) on 28x28 pixels, by straight lines between the centres."""
    below = np.clip(np.searchsorted(centres, np.arange(28)) - 1, 0, max(len(centres) - 2, 0))
    above = np.minimum(below + 1, len(centres) - 1)
    gap = np.maximum(centres[above] - centres[below], 1e-9)
    share = np.clip((np.arange(28) - centres[below]) / gap, 0, 1)
    weights = np.zeros((28, len(centres)))
    weights[np.arange(28), below] += 1 - share
    weights[np.arange(28), above] += share
    return np.einsum("pr,nrc,qc->npq", weights, coarse, weights)


def likeness(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of two maps, image by image; 0 where a map is flat.

    Args:
        first, second: arrays (n, 28, 28).

    Returns:
        float array (n,), -1 to 1.

    Raises:
        ValueError: if the arrays are not such.
    """
    from scipy.stats import rankdata

    check_images(first)
    check_images(second)
    ranks = [rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (first, second)]
    first, second = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    sizes = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return (first * second).sum(axis=1) / np.maximum(sizes, 1e-9)


def hide(images: np.ndarray, maps: np.ndarray, share: float) -> np.ndarray:
    """Return the images without that share of their inked pixels that their maps rank first.

    Args:
        images: array (n, 28, 28), pixels 0-255; ink is any pixel above 0.
        maps: array (n, 28, 28); the largest value goes first.
        share: 0 to 1, rounded to whole pixels.

    Raises:
        ValueError: if the arrays are not such, or differ in length, or the share is out of range.
    """
    check_images(images)
    check_images(maps)
    if len(maps) != len(images) or not 0 <= share <= 1:
        raise ValueError(f"need a map an image and a share of 0 to 1, got {len(maps)} maps for "
                         f"{len(images)} images, and {share}")  # fmt: skip
    hidden = images.reshape(len(images), -1).copy()
    for pixels, scores in zip(hidden, maps.reshape(len(maps), -1), strict=True):
        ink = np.flatnonzero(pixels)
        order = ink[np.argsort(-scores[ink], kind="stable")]
        pixels[order[: round(share * len(ink))]] = 0
    return hidden.reshape(images.shape)


def _find_convolution(model: keras.Model, name: str | None) -> int:
    found = [place for place, part in enumerate(model.layers)
             if isinstance(part, layers.Conv2D) and name in (None, part.name)]  # fmt: skip
    if not found:
        raise ValueError(f"the model has no convolution {name or 'at all'}")
    return found[-1]
