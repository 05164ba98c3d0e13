"""Logits, their gradient and the fast gradient sign: against closed forms and finite differences."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from mnist_utils import models
from mnist_utils.adversarial import fgsm, loss_gradient, step
from mnist_utils.logits import logits
from mnist_utils.startup import keras


@pytest.fixture(scope="module")
def images(data):
    return data.train.images[:40]


@pytest.fixture(scope="module")
def labels(data):
    return data.train.labels[:40]


def seeded(name):
    keras.utils.set_random_seed(0)
    return models.build(name)


@pytest.mark.parametrize("name", ["softmax_regression", "cnn_fast", "dense_batchnorm"])
def test_softmax_of_the_logits_is_what_the_model_says(name, images):
    model = seeded(name)
    expected = model.predict(images, verbose=0)
    found = logits(model, images)
    assert found.shape == (40, 10)
    assert np.allclose(softmax(found, axis=1), expected, atol=1e-5)
    assert logits(model, images[:0]).shape == (0, 10)


def test_gradient_of_softmax_regression_is_its_closed_form(images, labels):
    model = seeded("softmax_regression")
    weights = model.layers[-1].kernel.numpy()  # (784, 10)
    surplus = model.predict(images, verbose=0) - np.eye(10)[labels]
    expected = (surplus @ weights.T / 255).reshape(-1, 28, 28)
    assert np.allclose(loss_gradient(model, images, labels), expected, atol=1e-6)


def test_gradient_of_a_convolutional_network_is_a_difference_quotient(images, labels):
    model = seeded("cnn_fast")
    found = loss_gradient(model, images, labels)[0]

    def loss(image):
        return -log_softmax(logits(model, image[None].astype(np.float32)))[0, labels[0]]

    for row, column in ((14, 14), (9, 12), (20, 10)):
        nudged = [images[0].astype(float) for _ in range(2)]
        nudged[0][row, column] += 2
        nudged[1][row, column] -= 2
        slope = (loss(nudged[0]) - loss(nudged[1])) / 4
        assert found[row, column] == pytest.approx(
            float(slope), abs=0.05 * float(np.abs(found).max())
        )


def test_gradient_survives_a_probability_of_1(images, labels):
    model = seeded("softmax_regression")
    model.layers[-1].kernel.assign(model.layers[-1].kernel * 200)
    sure = model.predict(images, verbose=0)
    own = sure.argmax(axis=1)
    assert (sure.max(axis=1) == 1).any()
    assert (loss_gradient(model, images, own)[sure.max(axis=1) == 1] != 0).any()


def test_fgsm_moves_every_pixel_by_epsilon_and_no_further(images, labels):
    model = seeded("cnn_fast")
    slopes = loss_gradient(model, images, labels)
    changed = fgsm(model, images, labels, 10)
    assert changed.dtype == np.uint8
    assert np.array_equal(changed, step(images, slopes, 10))
    moved = changed.astype(int) - images
    free = (images >= 10) & (images <= 245)
    assert np.array_equal(moved[free], 10 * np.sign(slopes[free]))
    assert np.abs(moved).max() == 10
    assert np.array_equal(fgsm(model, images, labels, 0), images)


def test_fgsm_hurts_more_than_random_signs(images, labels):
    model = seeded("dense_baseline")

    def loss(changed):
        scores = log_softmax(logits(model, changed), axis=1)
        return -scores[np.arange(len(labels)), labels].mean()

    random = np.random.default_rng(0).choice([-1, 1], images.shape)
    before, by_chance, by_sign = (loss(changed) for changed in (
        images, step(images, random, 20), fgsm(model, images, labels, 20)))  # fmt: skip
    assert by_sign > before
    assert by_sign - before > 3 * abs(by_chance - before)


def test_many_images_are_the_same_as_few(data):
    model = seeded("softmax_regression")
    images, labels = data.train.take(1200)
    whole = loss_gradient(model, images, labels)
    assert np.allclose(whole[-100:], loss_gradient(model, images[-100:], labels[-100:]), atol=1e-6)


def test_bad_input_is_named(images, labels):
    model = seeded("softmax_regression")
    with pytest.raises(ValueError, match="labels must have 40"):
        loss_gradient(model, images, labels[:3])
    with pytest.raises(ValueError, match="epsilon must be 0 to 255"):
        fgsm(model, images, labels, -1)
    with pytest.raises(ValueError, match="directions must have shape"):
        step(images, np.ones((3, 28, 28)), 1)
    headless = keras.Sequential(model.layers[:-1])
    for function in (
        lambda: logits(headless, images),
        lambda: loss_gradient(headless, images, labels),
    ):
        with pytest.raises(ValueError, match="dense layer with softmax"):
            function()
