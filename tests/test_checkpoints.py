import numpy as np
import pytest

from mnist_utils import artifacts, checkpoints
from mnist_utils.training import Recipe, fit

QUICK = Recipe("softmax_regression", epochs=2, train_examples=2_000)


def weights(trained):
    return np.concatenate([w.ravel() for w in trained.model.get_weights()])


class Interrupted(Exception):
    """Stands for whatever ends a training run early."""


def interrupt_after(monkeypatch, epochs):
    """Make every training stop once its checkpoint of that epoch is written."""
    real = checkpoints.Checkpoint.on_epoch_end

    def stopping(self, epoch, logs=None):
        real(self, epoch, logs)
        if epoch + 1 == epochs:
            raise Interrupted

    monkeypatch.setattr(checkpoints.Checkpoint, "on_epoch_end", stopping)


RESUMABLE = {
    "dropout and Adam": Recipe("dense_baseline", epochs=4, train_examples=1_000),
    "batch norm, warps, one cycle": Recipe(
        "cnn_fast", epochs=4, train_examples=600, augment="elastic", schedule="one_cycle",
        label_smoothing=0.1, steps_per_execution=4,
    ),
    "Keras's augmentation, weight averaging": Recipe(
        "softmax_regression", epochs=4, train_examples=600, augment="keras", weight_averaging=0.9),
    "rate reduced on a plateau": Recipe(
        "softmax_regression", epochs=5, train_examples=600, learning_rate=0.5, reduce_on_plateau=1),
    "stopped early": Recipe(
        "dense_baseline", epochs=9, train_examples=300, learning_rate=0.02, early_stopping=1),
}  # fmt: skip


@pytest.mark.parametrize("after", [1, 2])
@pytest.mark.parametrize("name", RESUMABLE)
def test_interrupted_training_ends_as_if_undisturbed(data, tmp_path, monkeypatch, name, after):
    recipe, file = RESUMABLE[name], tmp_path / "run.npz"
    undisturbed = fit(recipe, data)
    with monkeypatch.context() as patch:
        interrupt_after(patch, after)
        with pytest.raises(Interrupted):
            fit(recipe, data, checkpoint=file)
    assert file.exists()
    resumed = fit(recipe, data, checkpoint=file)
    assert not file.exists()
    assert (weights(undisturbed) == weights(resumed)).all()
    for history in (undisturbed.history, resumed.history):
        history.pop("seconds")
    assert undisturbed.history == resumed.history


def test_interrupted_between_the_last_epoch_and_the_end(data, tmp_path, monkeypatch):
    recipe, file = RESUMABLE["dropout and Adam"], tmp_path / "run.npz"
    with monkeypatch.context() as patch:
        interrupt_after(patch, recipe.epochs)
        with pytest.raises(Interrupted):
            fit(recipe, data, checkpoint=file)
    assert (weights(fit(recipe, data, checkpoint=file)) == weights(fit(recipe, data))).all()


def test_checkpoint_of_another_run_is_refused_and_kept(data, tmp_path, monkeypatch):
    file = tmp_path / "run.npz"
    with monkeypatch.context() as patch:
        interrupt_after(patch, 1)
        with pytest.raises(Interrupted):
            fit(QUICK, data, checkpoint=file)
    content = file.read_bytes()
    with pytest.raises(ValueError, match="belongs to another run"):
        fit(QUICK.with_seed(3), data, checkpoint=file)
    assert file.read_bytes() == content
    with pytest.raises(ValueError, match=r"must end in \.npz"):
        fit(QUICK, data, checkpoint=tmp_path / "run.ckpt")


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "text"])
def test_damaged_checkpoint_is_not_trusted(data, tmp_path, monkeypatch, capsys, damage):
    file = tmp_path / "run.npz"
    with monkeypatch.context() as patch:
        interrupt_after(patch, 1)
        with pytest.raises(Interrupted):
            fit(QUICK, data, checkpoint=file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes({"flip": content, "truncate": content[:-900], "empty": b"",
                      "text": b"not an archive"}[damage])  # fmt: skip
    assert (weights(fit(QUICK, data, checkpoint=file)) == weights(fit(QUICK, data))).all()
    assert "is damaged" in capsys.readouterr().out


def test_checkpoint_that_cannot_be_written_is_done_without(data, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    trained = fit(QUICK, data, checkpoint=tmp_path / "file" / "run.npz")
    assert (weights(trained) == weights(fit(QUICK, data))).all()
    assert capsys.readouterr().out.count("No checkpoint could be written") == 1


def test_interrupted_get_or_train_goes_on(data, tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_UTILS_CACHE", str(tmp_path))
    recipe = RESUMABLE["dropout and Adam"]
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(Interrupted):
            artifacts.get_or_train(recipe, data)
    epochs = []
    monkeypatch.setattr(checkpoints.Checkpoint, "on_epoch_begin",
                        lambda self, epoch, logs=None: epochs.append(epoch))  # fmt: skip
    resumed = artifacts.get_or_train(recipe, data)
    assert epochs == [3]
    assert (weights(resumed) == weights(fit(recipe, data))).all()
    assert not list((tmp_path / "unfinished").iterdir())
