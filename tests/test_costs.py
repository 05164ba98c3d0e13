import pytest

from mnist_utils import models
from mnist_utils.costs import multiply_adds
from mnist_utils.startup import keras

layers = keras.layers


def by_hand_cnn_small():
    conv1 = 26 * 26 * 32 * (3 * 3 * 1)
    conv2 = 11 * 11 * 64 * (3 * 3 * 32)
    return conv1 + conv2 + 5 * 5 * 64 * 64 + 64 * 10


@pytest.mark.parametrize(("name", "expected"), [
    ("softmax_regression", 7_840),
    ("dense_baseline", 784 * 512 + 512 * 256 + 256 * 128 + 128 * 10),
    ("dense_batchnorm", 784 * 512 + 512 * 256 + 256 * 128 + 128 * 10),
    ("cnn_small", by_hand_cnn_small()),
])  # fmt: skip
def test_equals_a_count_by_hand(name, expected):
    assert multiply_adds(models.build(name)) == expected


@pytest.mark.parametrize("name", ["dense_baseline", "cnn_small", "cnn_deep", "cnn_fast"])
def test_is_half_of_what_tensorflow_counts(name):
    """TensorFlow's profiler counts all operations, biases and activations too: a little more."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2 as freeze,
    )

    model = models.build(name)
    graph = tf.function(lambda images: model(images, training=False))
    frozen = freeze(graph.get_concrete_function(tf.TensorSpec((1, 28, 28)))).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    counted = tf.compat.v1.profiler.profile(frozen, options=options).total_float_ops
    assert 1 <= counted / 2 / multiply_adds(model) < 1.08


def test_strides_padding_and_normalisation():
    model = keras.Sequential([
        keras.Input((24, 24, 1)),
        layers.Conv2D(24, 6, strides=2, use_bias=False), layers.BatchNormalization(), layers.ReLU(),
        layers.Conv2D(48, 3, strides=2, padding="same"), layers.MaxPooling2D(5),
        layers.Flatten(), layers.Dense(10),
    ])  # fmt: skip
    assert multiply_adds(model) == 10 * 10 * 24 * 36 + 5 * 5 * 48 * (9 * 24) + 48 * 10


def test_groups_strides_and_inner_models_are_counted():
    inner = keras.Sequential([keras.Input((8, 8, 4)), layers.Conv2D(6, 3, strides=2, groups=2)])
    model = keras.Sequential([keras.Input((8, 8, 4)), inner, layers.Dense(5)])
    assert multiply_adds(model) == 3 * 3 * 6 * (3 * 3 * 2) + 3 * 3 * 6 * 5


def test_what_can_not_be_counted_is_refused():
    with pytest.raises(ValueError, match="must be built"):
        multiply_adds(keras.Sequential([layers.Dense(3)]))
    model = keras.Sequential([keras.Input((8, 4)), layers.LSTM(3)])
    with pytest.raises(ValueError, match="a LSTM; known are"):
        multiply_adds(model)
    model = keras.Sequential([keras.Input((8, 8, 4)), layers.DepthwiseConv2D(3)])
    with pytest.raises(ValueError, match="a DepthwiseConv2D"):
        multiply_adds(model)
