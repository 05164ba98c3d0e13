import numpy as np
import pytest

from mnist_utils import models

PUBLISHED_PARAMETERS = {
    "dense_baseline": 567_434,
    "dense_batchnorm": 571_018,
    "cnn_small": 121_930,
    "cnn_two_conv": 65_194,
    "cnn_deep": 538_346,
}


@pytest.mark.parametrize("name", models.BUILDERS)
def test_docstring_gives_the_parameter_count(name):
    assert f"{models.build(name).count_params():,} parameters" in models.BUILDERS[name].__doc__


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED_PARAMETERS.items())
def test_published_parameter_counts(name, parameters):
    assert models.build(name).count_params() == parameters


def test_published_layer_counts_of_cnn_small():
    counts = [layer.count_params() for layer in models.build("cnn_small").layers]
    assert [count for count in counts if count] == [320, 18_496, 102_464, 650]


@pytest.mark.parametrize("name", models.BUILDERS)
def test_takes_raw_pixels_and_gives_probabilities_uncompiled(name, data):
    model = models.build(name)
    assert model.name == name
    assert not model.compiled
    probabilities = np.asarray(model(data.train.images[:3].astype("float32")))
    assert probabilities.shape == (3, 10)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)


def test_scalings(data):
    pixels = data.train.images.astype("float32")
    for scaling, mean, std in [("unit", 0.1307, 0.3081), ("standard", 0, 1), (None, 33.32, 78.57)]:
        scaled = pixels
        for layer in models.scaling_layers(scaling):
            scaled = np.asarray(layer(scaled))
        assert scaled.mean() == pytest.approx(mean, abs=0.005 * max(1, mean))
        assert scaled.std() == pytest.approx(std, rel=0.005)
    with pytest.raises(ValueError, match="scaling must be one of"):
        models.build("cnn_small", scaling="twice")


def test_unknown_model_is_named():
    with pytest.raises(ValueError, match="no model named 'resnet'; expected one of softmax_reg"):
        models.build("resnet")


def test_dropout_and_slope_are_as_documented():
    def rates(name):
        return [layer.rate for layer in models.build(name).layers if hasattr(layer, "rate")]

    assert rates("dense_baseline") == [0.2] * 3
    assert rates("dense_deeper") == [0.3] * 4
    assert rates("dense_batchnorm") == [0.2, 0.1]
    assert rates("cnn_deep") == [0.25, 0.25, 0.25, 0.5, 0.5]
    slopes = [layer.negative_slope for layer in models.build("dense_batchnorm").layers
              if hasattr(layer, "negative_slope")]  # fmt: skip
    assert slopes == pytest.approx([0.3] * 3)
