"""Grad-CAM and occlusion against networks whose answer is known."""

import numpy as np
import pytest

from mnist_utils import models, saliency
from mnist_utils.startup import keras

layers = keras.layers


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(1)
    return models.build("cnn_small")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8)


def test_gradient_of_a_known_function():
    values = np.arange(6.0).reshape(2, 3)
    slopes = saliency.gradient(lambda x: keras.ops.sum(x**3), values)
    assert np.allclose(slopes, 3 * values**2)


def test_grad_cam_is_its_formula_where_the_slopes_are_weights(images):
    """Straight from a convolution to softmax the logit's slopes are the dense layer's weights."""
    keras.utils.set_random_seed(0)
    net = keras.Sequential([
        keras.Input((28, 28)), layers.Rescaling(1 / 255), layers.Reshape((28, 28, 1)),
        layers.Conv2D(4, 3, activation="relu"), layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    maps = np.asarray(keras.Model(net.inputs[0], net.layers[2].output)(images))
    weights = net.get_weights()[2].reshape(26, 26, 4, 10).mean(axis=(0, 1))  # (channels, digits)
    for digit in range(10):
        expected = np.maximum(maps @ weights[:, digit], 0)
        found = saliency.grad_cam(net, images, np.full(3, digit))
        assert np.allclose(found[:, 1:-1, 1:-1], expected, rtol=1e-3, atol=1e-7)


def spot_network(row, column):
    """Digit 7 grows with one pixel of a 3x3 convolution that copies its middle; nothing else."""
    kernel, weights = np.zeros((3, 3, 1, 1), "float32"), np.zeros((26 * 26, 10), "float32")
    kernel[1, 1] = 1 / 255
    weights[(row - 1) * 26 + column - 1, 7] = 5
    net = keras.Sequential([
        keras.Input((28, 28)), layers.Reshape((28, 28, 1)), layers.Conv2D(1, 3, activation="relu"),
        layers.Flatten(), layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    net.set_weights([kernel, np.zeros(1), weights, np.zeros(10)])
    return net


def test_occlusion_finds_the_one_pixel_that_matters():
    net, image = spot_network(9, 17), np.full((1, 28, 28), 255, np.uint8)
    fall = saliency.occlusion(net, image, np.array([7]), size=1, step=1)[0]
    assert np.unravel_index(fall.argmax(), fall.shape) == (9, 17)
    assert np.count_nonzero(abs(fall) > 1e-6) == 1
    before = np.exp(5) / (np.exp(5) + 9)
    assert fall[9, 17] == pytest.approx(before - 0.1, abs=1e-5)
    other = saliency.occlusion(net, image, np.array([2]), size=1, step=1)[0]
    assert other[9, 17] < 0  # without it, 2 is likelier


def test_occlusion_takes_any_function_and_averages_over_squares():
    def ink(images):  # the probability of 1 is the ink of the upper left pixel
        share = images[:, 0, 0] / 255
        return np.stack([1 - share, share, *np.zeros((8, len(images)))], axis=1)

    image = np.full((1, 28, 28), 255, np.uint8)
    fall = saliency.occlusion(ink, image, np.array([1]), size=2, step=1)[0]
    assert fall[0, 0] == 1  # one square hides it
    assert fall[0, 1] == fall[1, 0] == pytest.approx(1 / 2)  # one of two
    assert fall[1, 1] == pytest.approx(1 / 4)
    assert (fall[2:] == 0).all()


def test_occlusion_of_many_images_is_that_of_each(network):
    images = np.random.default_rng(1).integers(0, 256, (23, 28, 28)).astype(np.uint8)
    digits = np.arange(23) % 10
    together = saliency.occlusion(network, images, digits, size=10, step=6)
    for k in (0, 19, 20, 22):
        alone = saliency.occlusion(network, images[k : k + 1], digits[k : k + 1], size=10, step=6)
        assert np.allclose(together[k], alone[0], atol=1e-5)


def test_grad_cam_shows_the_ink_where_one_channel_speaks_for_the_digit():
    net = spot_network(9, 17)
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 5, 6] = 255
    seen = saliency.grad_cam(net, image, np.array([7]))[0]
    assert np.unravel_index(seen.argmax(), seen.shape) == (5, 6)
    assert np.count_nonzero(seen) == 1
    assert (saliency.grad_cam(net, image, np.array([3])) == 0).all()


def test_grad_cam_of_a_real_network(network, images):
    found = saliency.grad_cam(network, images, np.array([1, 2, 3]))
    assert found.shape == (3, 28, 28)
    assert (found >= 0).all()
    assert found.max() > 0
    alone = saliency.grad_cam(network, images[1:2], np.array([2]))
    assert np.allclose(found[1:2], alone, atol=1e-5)  # the other images have no say


@pytest.mark.parametrize("name", ["cnn_small", "cnn_two_conv", "cnn_fast"])
def test_centres_are_those_of_the_measured_receptive_fields(name):
    net = models.build(name)
    for layer in net.layers:
        if not isinstance(layer, layers.Conv2D | layers.MaxPooling2D):
            continue
        part = keras.Model(net.inputs[0], layer.output)
        centres = saliency.field_centres(net, layer.name)
        unit = layer.output.shape[1] // 2
        noise = np.random.default_rng(0).integers(1, 200, (1, 28, 28))
        changed = np.where(np.eye(28, dtype=bool)[:, :, None], 255 - noise, noise)  # row by row
        differ = abs(np.asarray(part(changed)) - np.asarray(part(noise)))[:, unit].max(axis=(1, 2))
        rows = np.flatnonzero(differ > 1e-5 * differ.max())
        assert (rows[0] + rows[-1]) / 2 == centres[unit]


def test_spread_keeps_values_at_the_centres():
    coarse = np.random.default_rng(0).random((2, 4, 4))
    centres = np.array([3, 9, 15, 21])
    drawn = saliency.spread(coarse, centres)
    assert np.allclose(drawn[:, centres][:, :, centres], coarse)
    assert np.allclose(drawn[:, 12, 9], coarse[:, 1:3, 1].mean(axis=1))  # half way
    assert np.allclose(drawn[:, 0, 0], coarse[:, 0, 0])  # level beyond the rim


def test_likeness_is_spearmans_and_0_for_a_flat_map():
    from scipy.stats import spearmanr

    first, second = np.random.default_rng(0).normal(size=(2, 3, 28, 28)).round(1)  # with ties
    second += first
    expected = [spearmanr(a.ravel(), b.ravel()).statistic
                for a, b in zip(first, second, strict=True)]  # fmt: skip
    assert np.allclose(saliency.likeness(first, second), expected)
    assert (saliency.likeness(first, np.zeros((3, 28, 28))) == 0).all()


def test_hiding_takes_the_first_inked_pixels_only():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 3, :10] = 200
    scores = np.tile(np.arange(28.0), (1, 28, 1))  # the farther right, the more
    hidden = saliency.hide(image, scores, 0.3)
    assert (hidden[0, 3, 7:10] == 0).all()
    assert (hidden[0, 3, :7] == 200).all()
    assert (image[0, 3, :10] == 200).all()  # a copy
    assert (saliency.hide(image, scores, 1) == 0).all()
    with pytest.raises(ValueError, match="share of 0 to 1"):
        saliency.hide(image, scores, 30)


@pytest.mark.parametrize(("change", "message"), [
    ({"digits": np.array([1, 2])}, "digits must have 3"),
    ({"images": np.zeros((3, 27, 28))}, "images must have shape"),
    ({"layer": "dreams"}, "no convolution dreams"),
])  # fmt: skip
def test_bad_input_of_grad_cam_is_named(network, images, change, message):
    arguments = {"images": images, "digits": np.array([1, 2, 3])} | change
    with pytest.raises(ValueError, match=message):
        saliency.grad_cam(network, **arguments)


def test_other_bad_input_is_named(network, images):
    with pytest.raises(ValueError, match="end with a dense layer with softmax"):
        saliency.grad_cam(keras.Sequential(network.layers[:-1]), images, np.array([1, 2, 3]))
    with pytest.raises(ValueError, match="at all"):
        saliency.grad_cam(models.build("softmax_regression"), images, np.array([1, 2, 3]))
    with pytest.raises(ValueError, match="size of 1 to 28"):
        saliency.occlusion(network, images, np.array([1, 2, 3]), size=29)
    with pytest.raises(ValueError, match="no layer named"):
        saliency.field_centres(network, "dreams")
