"""Transfer: drawing few images, features, and a copy that learns while its start stays."""

import numpy as np
import pytest

from mnist_utils import models, transfer
from mnist_utils.startup import keras


@pytest.fixture(scope="module")
def small(data):
    return transfer.only(data.train.take(2000), range(5, 10))


def test_only_keeps_images_with_their_labels(data, small):
    assert set(small.labels) == {5, 6, 7, 8, 9}
    train = data.train.take(2000)
    assert len(small.labels) == (train.labels >= 5).sum()
    assert np.array_equal(small.images, train.images[train.labels >= 5])
    assert transfer.only(train, ()).images.shape == (0, 28, 28)


def test_few_are_so_many_of_each_class_and_nested(small):
    three, ten = (transfer.draw_few(small, shots, seed=4) for shots in (3, 10))
    assert np.bincount(ten.labels, minlength=10).tolist() == [0] * 5 + [10] * 5
    known = {image.tobytes() for image in ten.images}
    assert len(known) == 50
    assert {image.tobytes() for image in three.images} < known
    other = transfer.draw_few(small, 10, seed=5)
    assert not np.array_equal(other.images, ten.images)
    for image, label in zip(three.images, three.labels, strict=True):
        places = (small.images == image).all(axis=(1, 2))
        assert set(small.labels[places]) == {label}


@pytest.mark.parametrize("shots", [0, 10_000])
def test_too_few_images_are_named(small, shots):
    with pytest.raises(ValueError, match="shots must be 1 to"):
        transfer.draw_few(small, shots)


def test_features_are_what_the_last_layer_sees(small):
    model = models.build("cnn_fast")
    found = transfer.features(model, small.images[:30])
    assert found.shape == (30, 720)
    last = model.layers[-1]
    scores = found @ last.kernel.numpy() + last.bias.numpy()
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = model.predict(small.images[:30], verbose=0)
    assert np.allclose(powers / powers.sum(axis=1, keepdims=True), expected, atol=1e-5)


def test_probe_is_the_accuracy_on_other_images(small):
    from sklearn.linear_model import LogisticRegression

    def flat(images):
        return images.reshape(-1, 784) / 255

    few = transfer.draw_few(small, 20, seed=1)
    shares = transfer.probe(flat, few, small, (3, 20))
    for count, share in shares.items():
        part = transfer.draw_few(small, count, seed=1)  # nested in the larger draw
        model = LogisticRegression(max_iter=500).fit(flat(part.images), part.labels)
        assert share == pytest.approx((model.predict(flat(small.images)) == small.labels).mean())
    assert shares[3] < shares[20] < 1
    assert transfer.probe(flat, few, few, (20,)) == {20: 1}
    with pytest.raises(ValueError, match="shots must be 1 to 20"):
        transfer.probe(flat, few, small, (3, 21))


def test_fine_tuning_learns_repeats_and_leaves_its_start(small):
    keras.utils.set_random_seed(0)
    start = models.build("softmax_regression")
    before = start.get_weights()
    few = transfer.draw_few(small, 10)
    tuned, again = (transfer.fine_tune(start, few, epochs=30, seed=3) for _ in range(2))
    assert all(map(np.array_equal, before, start.get_weights()))
    assert all(map(np.array_equal, tuned.get_weights(), again.get_weights()))
    assert tuned.evaluate(*few, verbose=0)[1] > 0.8


def test_fine_tuning_starts_from_all_but_the_last_layer(small):
    keras.utils.set_random_seed(0)
    start = models.build("cnn_fast")
    start.set_weights([weight + 0.125 for weight in start.get_weights()])
    few = transfer.draw_few(small, 1)
    tuned = transfer.fine_tune(start, few, epochs=1, learning_rate=1e-9)
    filters = tuned.layers[3].get_weights()[0], start.layers[3].get_weights()[0]
    assert np.allclose(*filters, atol=1e-6)
    assert abs(tuned.layers[-1].get_weights()[1].mean() - 0.125) > 0.1
    with pytest.raises(ValueError, match="no model named"):
        transfer.fine_tune(keras.Sequential(start.layers, name="mine"), few)
    with pytest.raises(ValueError, match="must scale its pixels as"):
        transfer.fine_tune(models.build("cnn_two_conv", scaling="unit"), few)
