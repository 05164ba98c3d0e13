"""Drawing training images anew: turned, shifted, zoomed, sheared and bent, with a unit for each."""

import numpy as np

from mnist_utils.startup import keras

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable("mnist_utils")
class RandomWarp(layers.Layer):
    """Turn, shift, zoom, shear and bend images by random amounts, while training only.

    A warp says for each pixel of the new image where in the old one to look; between pixels it
    interpolates linearly, and outside there is 0. Images that share a warp look at the same
    places, so that all of them are fetched at once.

    Input and output: (n, 28, 28), any range of pixels, 0 outside; float32 while training, else
    the input as it is.

    Args:
        rotation: largest turn in degrees, either way.
        shift: largest shift in pixels, along each axis.
        zoom: largest change of size, 0.1 for about ±10%; log-uniform, the same along both axes.
        shear: largest slant, 0.1 for one pixel in ten.
        elastic: standard deviation in pixels of a smooth random displacement of each point, as
            in Simard, Steinkraus and Platt, Best Practices for Convolutional Neural Networks
            (2003).
        smoothness: width in pixels of the bumps that the displacement consists of.
        images_per_warp: how many neighbours in a batch share one warp.
        seed: of the layer's random numbers; None takes it from Keras's global seed.

    Raises:
        ValueError: if a range is negative, or smoothness or images_per_warp is below 1.
    """

    def __init__(self, rotation=10.0, shift=2.0, zoom=0.1, shear=0.1, elastic=0.0, smoothness=4.0,
                 images_per_warp=16, seed=None, **settings):  # fmt: skip
        super().__init__(**settings)
        self.ranges = {"rotation": rotation, "shift": shift, "zoom": zoom, "shear": shear,
                       "elastic": elastic, "smoothness": smoothness,
                       "images_per_warp": images_per_warp}  # fmt: skip
        for name, value in self.ranges.items():
            least = 1 if name in ("smoothness", "images_per_warp") else 0
            if not value >= least:
                raise ValueError(f"{name} must be at least {least}, got {value!r}")
        self.seed = seed
        self.random = keras.random.SeedGenerator(seed)
        self.bumps = _bumps(smoothness)

    def call(self, images, training=False):
        if not training:
            return images
        size = self.ranges["images_per_warp"]
        count = ops.shape(images)[0]
        warps = (count + size - 1) // size
        pixels = ops.pad(ops.cast(images, "float32"), [[0, warps * size - count], [1, 2], [1, 2]])
        # One row a pixel of a warp's images, one column an image: (warps * 961, size).
        pixels = ops.transpose(ops.reshape(pixels, (-1, size, _WIDTH**2)), (0, 2, 1))
        pixels = ops.reshape(pixels, (-1, size))
        warped = _interpolate(pixels, *self._places(warps))
        warped = ops.reshape(ops.transpose(warped, (0, 2, 1)), (-1, 28, 28))
        return warped[:count]

    def _places(self, count):
        """Draw `count` warps: the old row and column of each new pixel, (count, 784) each."""
        ranges = self.ranges
        angle = self._draw(count, np.deg2rad(ranges["rotation"]))
        scale = ops.exp(self._draw(count, ranges["zoom"]))
        rows, columns = np.mgrid[:28, :28].reshape(2, 1, 784).astype("float32") - 13.5
        slanted = rows + self._draw(count, ranges["shear"]) * columns
        cos, sin = scale * ops.cos(angle), scale * ops.sin(angle)
        old_rows = 13.5 + cos * slanted - sin * columns + self._draw(count, ranges["shift"])
        old_columns = 13.5 + sin * slanted + cos * columns + self._draw(count, ranges["shift"])
        if ranges["elastic"]:
            noise = keras.random.normal((2 * count, len(self.bumps)), seed=self.random)
            bend = ranges["elastic"] * ops.matmul(noise, self.bumps)
            old_rows, old_columns = old_rows + bend[:count], old_columns + bend[count:]
        return old_rows, old_columns

    def _draw(self, count, largest):
        return keras.random.uniform((count, 1), -largest, largest, seed=self.random)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | self.ranges | {"seed": self.seed}


@keras.saving.register_keras_serializable("mnist_utils")
class RandomThickness(layers.Layer):
    """Make strokes thinner or thicker by random amounts, while training only.

    An image is mixed with what it becomes if every pixel takes the least (or the largest) value
    of the 3×3 pixels around it: strokes lose (or gain) up to one pixel on each side.

    Input and output: (n, 28, 28), any range of pixels; float32 while training, else the input as
    it is.

    Args:
        thinner: largest share of the thinner image, 0 to 1.
        thicker: largest share of the thicker image, 0 to 1.
        seed: of the layer's random numbers; None takes it from Keras's global seed.

    Raises:
        ValueError: if a share is not 0 to 1.
    """

    def __init__(self, thinner=0.6, thicker=0.8, seed=None, **settings):
        super().__init__(**settings)
        self.shares = {"thinner": thinner, "thicker": thicker}
        for name, value in self.shares.items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be 0 to 1, got {value!r}")
        self.seed = seed
        self.random = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        if not training:
            return images
        images = ops.cast(images, "float32")[..., None]
        largest = ops.max_pool(images, 3, strides=1, padding="same")
        least = -ops.max_pool(-images, 3, strides=1, padding="same")
        share = keras.random.uniform((ops.shape(images)[0], 1, 1, 1), -self.shares["thinner"],
                                     self.shares["thicker"], seed=self.random)  # fmt: skip
        images = images + ops.maximum(share, 0) * (largest - images)
        return (images - ops.maximum(-share, 0) * (images - least))[..., 0]

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | self.shares | {"seed": self.seed}


_WIDTH = 31  # of an image with an edge of zeros: one before it, and one and a neighbour after it


def _interpolate(pixels, rows, columns):
    """Return (warps, 784, size): what (warps * 961, size) pixels hold at places (warps, 784)."""
    rows, columns = (ops.clip(place, -1.0, 28.0) + 1 for place in (rows, columns))
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = (rows - top)[:, :, None], (columns - left)[:, :, None]
    first = ops.arange(ops.shape(rows)[0], dtype="int32")[:, None] * _WIDTH**2
    corner = ops.cast(top * _WIDTH + left, "int32") + first
    upper, upper_next, lower, lower_next = (
        ops.take(pixels, corner + step, axis=0) for step in (0, 1, _WIDTH, _WIDTH + 1)
    )
    upper = upper + right * (upper_next - upper)
    lower = lower + right * (lower_next - lower)
    return upper + down * (lower - upper)


def _bumps(smoothness: float) -> np.ndarray:
    """Return float32 (k, 784): Gaussian bumps on a grid; weighted by N(0, 1), their sum has sd 1."""
    centres = np.arange(-smoothness, 28 + 2 * smoothness, smoothness)
    profile = np.exp(-(((np.arange(28)[:, None] - centres) / smoothness) ** 2) / 2)
    bumps = np.einsum("rk,cl->klrc", profile, profile).reshape(-1, 784)
    return (bumps / np.sqrt((bumps**2).sum(0))).astype("float32")


def random_affine() -> list[keras.layers.Layer]:
    """Return Keras's own layers for ±10°, ±2 pixels and ±10% zoom.

    Keras counts rotation in full turns and translation in image sizes; what moves in is 0.
    """
    fill = {"fill_mode": "constant", "fill_value": 0.0}
    return [
        layers.Reshape((28, 28, 1)),
        layers.RandomRotation(10 / 360, **fill),
        layers.RandomTranslation(2 / 28, 2 / 28, **fill),
        layers.RandomZoom(0.1, **fill),
        layers.Reshape((28, 28)),
    ]


# What `Recipe.augment` can name; each makes new layers.
AUGMENTATIONS = {
    "keras": random_affine,
    "mild": lambda: [RandomWarp(rotation=7, shift=1.5, zoom=0.08, shear=0.08)],
    "elastic": lambda: [RandomWarp(rotation=10, shift=2, zoom=0.1, shear=0.1, elastic=0.5)],
    "foreign": lambda: [
        RandomWarp(rotation=12, shift=2, zoom=0.12, shear=0.15, elastic=0.5),
        RandomThickness(thinner=0.4, thicker=0.8),
    ],
}

# Of these, the ones for which `training.fit` also calls `habits.add_habits` before every epoch.
WITH_HABITS = ("foreign",)
