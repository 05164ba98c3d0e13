"""Tables of digits and single predictions, against scikit-learn and counting by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from mnist_utils.evaluation import (
    classification_table,
    confused_pairs,
    confusion_table,
    predict_one,
)

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60)


@given(PAIRS)
@settings(max_examples=40)
def test_classification_table_is_scikit_learns(pairs):
    labels, predictions = np.transpose(pairs)
    table = classification_table(labels, predictions)
    assert list(table.columns) == ["precision", "recall", "f1", "images"]
    expected = metrics.precision_recall_fscore_support(
        labels, predictions, labels=range(10), zero_division=0
    )
    np.testing.assert_allclose(table.iloc[:10].to_numpy(), np.transpose(expected))
    average = metrics.f1_score(
        labels, predictions, labels=range(10), average="macro", zero_division=0
    )
    assert table.loc["macro avg", "f1"] == pytest.approx(average)
    assert list(table.index[10:]) == ["macro avg", "weighted avg"]
    assert table.loc["weighted avg", "recall"] == pytest.approx(np.mean(labels == predictions))


@given(PAIRS)
def test_confusion_table_counts(pairs):
    table = confusion_table(*np.transpose(pairs))
    assert table.shape == (10, 10)
    assert table.to_numpy().sum() == len(pairs)
    for true, predicted in pairs:
        assert table.loc[true, predicted] == pairs.count((true, predicted))


@given(PAIRS, st.integers(1, 5))
def test_confused_pairs_are_the_largest_counts_off_the_diagonal(pairs, count):
    found = confused_pairs(*np.transpose(pairs), count)
    mistakes = [pair for pair in pairs if pair[0] != pair[1]]
    counts = sorted((mistakes.count(pair) for pair in set(mistakes)), reverse=True)
    assert list(found.images) == counts[:count]
    for row in found.itertuples():
        assert row.images == mistakes.count((row.true, row.predicted))
        assert row.share == row.images / sum(true == row.true for true, _ in pairs)


def test_count_of_pairs_must_be_positive():
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        confused_pairs([1], [2], 0)


def sevens(images):
    """Stand in for a model: mostly sevens, and sure of it by the brightness of the image."""
    probabilities = np.full((len(images), 10), 0.01, np.float32)
    probabilities[:, 7], probabilities[:, 1] = 0.8, 0.12
    return probabilities


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1)])
def test_prediction_of_one_image(shape):
    found = predict_one(sevens, np.full(shape, 200, np.uint8))
    assert (found.digit, found.probability) == (7, pytest.approx(0.8))
    assert [digit for digit, _ in found.top] == [7, 1, 0]
    assert found.probabilities.shape == (10,)
    assert found.probabilities.sum() == pytest.approx(1)
    assert str(found) == "7 (80.0%), then 1 (12.0%), then 0 (1.0%)"


def test_prediction_by_a_network():
    from mnist_utils import models
    from mnist_utils.startup import keras

    keras.utils.set_random_seed(0)
    model = models.build("dense_baseline")
    image = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    expected = model.predict(image[None], verbose=0)[0]
    found = predict_one(model, image)
    np.testing.assert_allclose(found.probabilities, expected, rtol=1e-5)
    assert found.digit == expected.argmax()


@pytest.mark.parametrize(("image", "message"), [
    (np.zeros((1, 28, 28)), r"image must have shape \(28, 28\)"),
    (np.full((28, 28), 0.7), "don't divide by 255"),
    (np.full((28, 28), 256), "pixels must be 0 to 255, got 256 to 256"),
    (np.full((28, 28), -1.0), r"pixels must be 0 to 255, got -1\.0"),
    (np.full((28, 28), np.nan), "pixels must be 0 to 255, got nan"),
])  # fmt: skip
def test_wrong_images_are_refused(image, message):
    with pytest.raises(ValueError, match=message):
        predict_one(sevens, image)


def test_a_blank_image_and_one_faint_pixel_are_images():
    faint = np.zeros((28, 28), np.uint8)
    for image in (faint, faint.astype(float), faint + np.uint8(1)):
        assert predict_one(sevens, image).digit == 7


@pytest.mark.parametrize(("answers", "message"), [
    (np.arange(10.0)[None], "a network's logits need a softmax first"),
    (np.full((2, 10), 0.1), "probabilities must have 1 rows, got 2"),
    (np.full((1, 5), 0.2), "model must return 10 probabilities an image, got 5"),
])  # fmt: skip
def test_wrong_answers_of_a_model_are_refused(answers, message):
    with pytest.raises(ValueError, match=message):
        predict_one(lambda images: answers, np.zeros((28, 28), np.uint8))
