"""Every network of the series under its own name, uncompiled, taking raw pixels.

Input of every model: (n, 28, 28), pixels 0-255, any numeric dtype. Output: (n, 10) float32, the
probability of each digit. Scaling, flattening and the channel axis are layers of the model, so
nobody can scale twice or forget to, and a saved model is complete.

The published architectures are named after what they are; each builder's docstring names the
project that it was published by.
"""

from mnist_utils.preprocessing import PIXEL_MEAN, PIXEL_STD
from mnist_utils.startup import keras

layers = keras.layers

SCALINGS = ("unit", "standard", None)


def build(name: str, **settings) -> keras.Model:
    """Build a registered model by name; settings go to its builder.

    Raises:
        ValueError: if there is no model of that name.
    """
    if name not in BUILDERS:
        raise ValueError(f"no model named {name!r}; expected one of {', '.join(BUILDERS)}")
    return BUILDERS[name](**settings)


def scaling_layers(scaling: str | None) -> list[keras.layers.Layer]:
    """Return the layers that scale pixels 0-255.

    Args:
        scaling: "unit" divides by 255; "standard" subtracts the training pixels' mean and
            divides by their standard deviation; None leaves the pixels as they are.

    Raises:
        ValueError: if scaling is anything else.
    """
    if scaling == "unit":
        return [layers.Rescaling(1 / 255, name="scaling")]
    if scaling == "standard":
        return [layers.Rescaling(1 / PIXEL_STD, -PIXEL_MEAN / PIXEL_STD, name="scaling")]
    if scaling is None:
        return []
    raise ValueError(f"scaling must be one of {SCALINGS}, got {scaling!r}")


def softmax_regression(scaling: str | None = "unit") -> keras.Model:
    """784-10: no hidden layer. 7,850 parameters."""
    return _dense("softmax_regression", scaling, [])


def dense_baseline(scaling: str | None = "unit") -> keras.Model:
    """784-512-256-128-10, ReLU, dropout 0.2 after each hidden layer. 567,434 parameters.

    Published by alienspirit7/L36_HomeWork as its base model, with 98.29% on the test set.
    """
    hidden = [[_relu(units), layers.Dropout(0.2)] for units in (512, 256, 128)]
    return _dense("dense_baseline", scaling, hidden)


def dense_deeper(scaling: str | None = "unit") -> keras.Model:
    """784-512-256-128-64-10, ReLU, dropout 0.3 after each hidden layer. 575,050 parameters.

    Published by alienspirit7/L36_HomeWork as its improved model, with 98.38% on the test set.
    The project gives four hidden layers without their sizes; 512-256-128-64 is our assumption.
    """
    hidden = [[_relu(units), layers.Dropout(0.3)] for units in (512, 256, 128, 64)]
    return _dense("dense_deeper", scaling, hidden)


def dense_batchnorm(scaling: str | None = "unit") -> keras.Model:
    """784-512-256-128-10 with batch normalisation and LeakyReLU. 571,018 parameters.

    Dropout 0.2 after the second hidden layer and 0.1 after the third. Published by Toukir Ahamed
    Pigeon (MNIST Handwritten Digit Classifier), with about 97-98%. The slope of LeakyReLU is not
    given; it is Keras 3's default, 0.3.
    """
    hidden = [
        [layers.Dense(512), layers.BatchNormalization(), layers.LeakyReLU()],
        [layers.Dense(256), layers.BatchNormalization(), layers.LeakyReLU(), layers.Dropout(0.2)],
        [layers.Dense(128), layers.BatchNormalization(), layers.LeakyReLU(), layers.Dropout(0.1)],
    ]
    return _dense("dense_batchnorm", scaling, hidden)


def cnn_small(scaling: str | None = "unit") -> keras.Model:
    """Conv32-Pool-Conv64-Pool-Dense64-10. 121,930 parameters.

    Published by Nilay Ghosh (MNIST Handwritten Digit Classification using CNN), with 99.03%.
    """
    return _convolutional("cnn_small", scaling, [
        _conv(32), layers.MaxPooling2D(),
        _conv(64), layers.MaxPooling2D(),
        layers.Flatten(), _relu(64),
    ])  # fmt: skip


def cnn_two_conv(scaling: str | None = None) -> keras.Model:
    """Conv64-Conv32-Pool-10 on unscaled pixels. 65,194 parameters.

    From the unsigned project MNIST-Handwritten-Digit-Classification, which gives both 99.51% and
    98.15%. Its text says that reshaping scales the pixels; its code does not scale them, so the
    default here is None.
    """
    return _convolutional("cnn_two_conv", scaling, [
        _conv(64), _conv(32), layers.MaxPooling2D(), layers.Flatten(),
    ])  # fmt: skip


def cnn_deep(scaling: str | None = "unit") -> keras.Model:
    """Five convolutions with batch normalisation and dropout, then 512-256-10. 538,346 parameters.

    Published by SwarajMore09/Deep_Learing_model, with 99%+. The architecture is that of its code
    (MNIST_CNN.py), in which ReLU comes before batch normalisation and the third block has one
    convolution; its README draws another one.
    """
    return _convolutional("cnn_deep", scaling, [
        _conv(32), layers.BatchNormalization(), _conv(32),
        layers.MaxPooling2D(), layers.Dropout(0.25),
        _conv(64), layers.BatchNormalization(), _conv(64),
        layers.MaxPooling2D(), layers.Dropout(0.25),
        _conv(128), layers.BatchNormalization(), layers.Dropout(0.25),
        layers.Flatten(),
        _relu(512), layers.BatchNormalization(), layers.Dropout(0.5),
        _relu(256), layers.Dropout(0.5),
    ])  # fmt: skip


def dense_fast(scaling: str | None = "standard") -> keras.Model:
    """576-384-128-10 on the middle 24x24 pixels, with batch normalisation. 273,674 parameters."""
    hidden = [_normalised(layers.Dense(units, use_bias=False)) for units in (384, 128)]
    body = [layer for group in hidden for layer in group]
    return _cropped("dense_fast", scaling, [layers.Flatten(), *body])


def cnn_fast(scaling: str | None = "standard") -> keras.Model:
    """Three convolutions of 20, 40 and 80 filters, two with stride 2. 44,490 parameters.

    Little is computed at full resolution: the first convolution looks at 6x6 pixels of the middle
    24x24 and moves by 2, which takes the place of pooling. The sizes are 10x10, 5x5 and 3x3.
    """
    return _strided("cnn_fast", scaling, (20, 40, 80))


def cnn_medium(scaling: str | None = "standard") -> keras.Model:
    """As cnn_fast with 32, 64 and 128 filters. 105,738 parameters."""
    return _strided("cnn_medium", scaling, (32, 64, 128))


def cnn_wide(scaling: str | None = "standard") -> keras.Model:
    """As cnn_fast with 48, 96 and 192 filters. 227,722 parameters."""
    return _strided("cnn_wide", scaling, (48, 96, 192))


BUILDERS = {
    builder.__name__: builder
    for builder in (softmax_regression, dense_baseline, dense_deeper, dense_batchnorm,
                    cnn_small, cnn_two_conv, cnn_deep,
                    dense_fast, cnn_fast, cnn_medium, cnn_wide)
}  # fmt: skip


def _relu(units: int) -> keras.layers.Layer:
    return layers.Dense(units, activation="relu")


def _conv(filters: int) -> keras.layers.Layer:
    return layers.Conv2D(filters, 3, activation="relu")


def _dense(name: str, scaling: str | None, hidden: list[list[keras.layers.Layer]]) -> keras.Model:
    start = [keras.Input((28, 28)), *scaling_layers(scaling), layers.Flatten()]
    body = [layer for group in hidden for layer in group]
    return keras.Sequential([*start, *body, layers.Dense(10, activation="softmax")], name=name)


def _convolutional(name: str, scaling: str | None, body: list[keras.layers.Layer]) -> keras.Model:
    start = [keras.Input((28, 28)), *scaling_layers(scaling), layers.Reshape((28, 28, 1))]
    return keras.Sequential([*start, *body, layers.Dense(10, activation="softmax")], name=name)


def _normalised(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Follow a layer by batch normalisation, quick enough for a run of few steps, and ReLU."""
    return [layer, layers.BatchNormalization(momentum=0.8), layers.ReLU()]


def _strided(name: str, scaling: str | None, filters: tuple[int, int, int]) -> keras.Model:
    first, second, third = filters
    return _cropped(name, scaling, [
        *_normalised(layers.Conv2D(first, 6, strides=2, use_bias=False)),
        *_normalised(layers.Conv2D(second, 3, strides=2, padding="same", use_bias=False)),
        *_normalised(layers.Conv2D(third, 3, use_bias=False)),
        layers.Flatten(),
    ])  # fmt: skip


def _cropped(name: str, scaling: str | None, body: list[keras.layers.Layer]) -> keras.Model:
    start = [keras.Input((28, 28)), *scaling_layers(scaling), layers.Reshape((28, 28, 1)),
             layers.Cropping2D(2)]  # fmt: skip
    return keras.Sequential([*start, *body, layers.Dense(10, activation="softmax")], name=name)
