import numpy as np
import pytest

from mnist_utils import models
from mnist_utils.ensembles import average_weights, predict_ensemble, predict_shifted
from mnist_utils.preprocessing import shift
from mnist_utils.training import Recipe, fit


@pytest.fixture(scope="module")
def networks(data):
    recipe = Recipe("dense_fast", epochs=1, train_examples=1_000)
    return [fit(recipe.with_seed(seed), data).model for seed in (0, 1)]


def test_shifted_looks_are_averaged(networks, data):
    images = data.validation.images[:50]
    moves = [(0, 0), (2, 0), (-2, 0), (0, 2), (0, -2)]
    expected = np.mean([np.asarray(networks[0](shift(images, *move))) for move in moves], axis=0)
    found = predict_shifted(networks[0], images, pixels=2)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    alone = predict_shifted(networks[0], images, pixels=0)
    np.testing.assert_allclose(alone, np.asarray(networks[0](images)), atol=1e-6)
    for pixels in (-1, 0.5, True):
        with pytest.raises(ValueError, match="pixels must be an integer"):
            predict_shifted(networks[0], images, pixels=pixels)


def test_ensemble_averages_probabilities(networks, data):
    images = data.validation.images[:50]
    expected = (np.asarray(networks[0](images)) + np.asarray(networks[1](images))) / 2
    np.testing.assert_allclose(predict_ensemble(networks, images), expected, atol=1e-6)
    with pytest.raises(ValueError, match="at least one network"):
        predict_ensemble([], images)


def test_weights_are_averaged_into_a_new_network(networks):
    before = networks[0].get_weights()
    mean = average_weights(networks)
    pairs = zip(before, networks[1].get_weights(), strict=True)
    for weight, (one, other) in zip(mean.get_weights(), pairs, strict=True):
        np.testing.assert_allclose(weight, (one + other) / 2, rtol=1e-6)
    for kept, weight in zip(before, networks[0].get_weights(), strict=True):
        assert (kept == weight).all()
    with pytest.raises(ValueError, match="number 1 differs from number 0"):
        average_weights([networks[0], models.build("cnn_fast")])
    with pytest.raises(ValueError, match="at least one network"):
        average_weights([])
