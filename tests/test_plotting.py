"""What the figures draw, read back from their axes."""

import numpy as np
import pytest

from mnist_utils import plotting

pytestmark = pytest.mark.usefixtures("close_figures")


@pytest.fixture
def predictions():
    """Twelve images' labels and probabilities, the last three misclassified."""
    labels = np.arange(12) % 10
    probabilities = np.full((12, 10), 0.02)
    guesses = labels.copy()
    guesses[9:] = (guesses[9:] + 1) % 10
    probabilities[np.arange(12), guesses] = 0.82
    probabilities[10] = 0.001
    probabilities[10, guesses[10]] = 0.991
    return labels, probabilities


def drawn_images(fig):
    return [ax.images[0].get_array() for ax in fig.axes if ax.images]


def test_digits_are_drawn_in_order(data):
    images, labels = data.train.take(7)
    fig = plotting.plot_digits(images, labels, columns=4, title="Seven digits")
    for drawn, image in zip(drawn_images(fig), images, strict=True):
        assert (drawn == image).all()
    assert [ax.get_title() for ax in fig.axes[:7]] == [str(label) for label in labels]
    assert len(fig.axes) == 8
    assert fig.get_suptitle() == "Seven digits"


def test_cases_have_their_texts_and_room_for_two_lines(data):
    images = data.train.images[:7]
    fig = plotting.plot_cases(images, [f"label {k}\nreads 3" for k in range(7)], columns=3)
    assert [ax.get_title() for ax in fig.axes[:7]] == [f"label {k}\nreads 3" for k in range(7)]
    for drawn, image in zip(drawn_images(fig), images, strict=True):
        assert (drawn == image).all()
    fig.draw_without_rendering()
    for above, below in zip(fig.axes[:4], fig.axes[3:7], strict=True):
        assert below.title.get_window_extent().y1 < above.get_window_extent().y0
    with pytest.raises(ValueError, match="labels must have 2 entries"):
        plotting.plot_cases(images[:2], ["one text"])


@pytest.mark.parametrize(("images", "labels"), [
    (np.zeros((2, 28, 27)), None), (np.zeros((0, 28, 28)), None), (np.zeros((2, 28, 28)), [1]),
])  # fmt: skip
def test_wrong_images_or_labels_are_refused(images, labels):
    with pytest.raises(ValueError, match=r"must have|at least one image"):
        plotting.plot_digits(images, labels)


def test_class_counts(data):
    counts = np.bincount(data.train.labels, minlength=10)
    fig = plotting.plot_class_counts({"train": counts, "twice": 2 * counts})
    heights = [bar.get_height() for bar in fig.axes[0].patches]
    assert heights == [*counts, *(2 * counts)]
    with pytest.raises(ValueError, match=r"counts\['train'\] must have shape"):
        plotting.plot_class_counts({"train": counts[:9]})


def test_history():
    history = {"loss": [2, 1], "accuracy": [0.5, 0.9], "val_loss": [2, 1.5]}
    fig = plotting.plot_history(history, title="It learns")
    lines = [[list(line.get_ydata()) for line in ax.lines] for ax in fig.axes]
    assert lines == [[[2, 1], [2, 1.5]], [[50, 90]]]
    with pytest.raises(ValueError, match="holds no accuracy"):
        plotting.plot_history({"loss": [1]})


def test_prediction(data, predictions):
    _, probabilities = predictions
    fig = plotting.plot_prediction(data.train.images[0], probabilities[3], label=3)
    assert [bar.get_height() for bar in fig.axes[1].patches] == list(100 * probabilities[3])
    assert fig.axes[1].get_title() == "predicted 3 with 82.0%"
    with pytest.raises(ValueError, match="sum to 1"):
        plotting.plot_prediction(data.train.images[0], np.ones(10))


def test_wrong_predictions_say_so_in_words(data, predictions):
    labels, probabilities = predictions
    fig = plotting.plot_predictions(data.train.images[:12], labels, probabilities)
    titles = [ax.get_title() for ax in fig.axes[:12]]
    assert titles[0] == "0 (82%)\nright"
    assert titles[9] == "0 (82%)\nwrong: 9"


def test_errors_most_confident_first(data, predictions):
    labels, probabilities = predictions
    fig = plotting.plot_errors(data.train.images[:12], labels, probabilities, count=2)
    titles = [ax.get_title() for ax in fig.axes if ax.get_title()]
    assert titles == ["says 1, is 0", "says 0, is 9"]
    with pytest.raises(ValueError, match="none of the 9 images is misclassified"):
        plotting.plot_errors(data.train.images[:9], labels[:9], probabilities[:9])


def test_confusion_matrix_is_scikit_learns(predictions):
    labels, probabilities = predictions
    fig = plotting.plot_confusion(labels, probabilities.argmax(1))
    cells = np.array([int(text.get_text()) for text in fig.axes[0].texts]).reshape(10, 10)
    assert cells.sum() == 12
    assert cells[9, 0] == 1
    assert cells.trace() == 9


def test_confusion_draws_into_given_axes(predictions):
    labels, probabilities = predictions
    with pytest.raises(ValueError, match="predictions must have 12 entries, got 3"):
        plotting.plot_confusion(labels, labels[:3])
    fig, axes = plotting.new_figure(ncols=2)
    assert plotting.plot_confusion(labels, probabilities.argmax(1), ax=axes[1]) is fig


def test_feature_maps_share_one_scale():
    maps = np.random.default_rng(0).normal(size=(5, 6, 11))
    fig = plotting.plot_feature_maps(maps, columns=4)
    shown = [ax.images[0] for ax in fig.axes if ax.images]
    assert len(shown) == 11
    assert {image.get_clim() for image in shown} == {(maps.min(), maps.max())}
    assert (shown[10].get_array() == maps[..., 10]).all()
    with pytest.raises(ValueError, match="maps must have shape"):
        plotting.plot_feature_maps(maps[0])
    with pytest.raises(ValueError, match="at least one column"):
        plotting.plot_feature_maps(maps, columns=0)
