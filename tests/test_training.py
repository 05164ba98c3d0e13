import itertools

import keras
import numpy as np
import pytest

from mnist_utils import artifacts, models, training
from mnist_utils.data import Split, load_mnist
from mnist_utils.recipes import Ensemble
from mnist_utils.training import Batches, OneCycle, Recipe, fit

QUICK = Recipe("softmax_regression", epochs=2, train_examples=2_000)


def weights(trained):
    return np.concatenate([w.ravel() for w in trained.model.get_weights()])


@pytest.mark.parametrize(("field", "value"), [
    ("model", "resnet"), ("optimizer", "adagrad"), ("schedule", "steps"), ("scaling", "double"),
    ("epochs", 0), ("epochs", 1.5), ("batch_size", True), ("learning_rate", 0.0),
    ("learning_rate", float("nan")), ("label_smoothing", 1.0),
    ("augment", "flip"), ("betas", (0.9,)), ("betas", (0.9, 1.0)), ("weight_averaging", 1.0),
    ("early_stopping", 0), ("reduce_on_plateau", True), ("steps_per_execution", 0),
])  # fmt: skip
def test_impossible_recipes_are_refused(field, value):
    with pytest.raises(ValueError, match=f"{field} must be"):
        Recipe(**{"model": "cnn_small", field: value})


def test_published_recipes_name_themselves():
    assert all(recipe.model == name for name, recipe in training.PUBLISHED_RECIPES.items())


def test_ensembles_have_members_of_different_seeds():
    ensemble = Ensemble(Recipe("cnn_fast"), members=3, pixels=1)
    seeds = [recipe.seed for seed in range(4) for recipe in ensemble.recipes(seed)]
    assert seeds == list(range(12))
    assert {recipe.model for recipe in ensemble.recipes()} == {"cnn_fast"}
    for settings in ({"members": 0}, {"members": 1.5}, {"pixels": -1}, {"pixels": 0.5}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            Ensemble(Recipe("cnn_fast"), **settings)


def test_a_schedule_leaves_no_rate_to_reduce():
    with pytest.raises(ValueError, match="reduce_on_plateau must be None"):
        Recipe("cnn_small", schedule="cosine", reduce_on_plateau=2)


def test_stopping_early_would_undo_the_averaging_of_weights():
    with pytest.raises(
        ValueError, match=r"weight_averaging must be 0 with early_stopping, got 0\.9"
    ):
        Recipe("cnn_small", early_stopping=2, weight_averaging=0.9)


def test_deciding_by_validation_needs_validation_images():
    nothing_held = load_mnist(validation_examples=0)
    with pytest.raises(ValueError, match="but data has none"):
        fit(Recipe("softmax_regression", early_stopping=1), nothing_held)
    trained = fit(Recipe("softmax_regression", epochs=1, train_examples=500), nothing_held)
    assert "val_loss" not in trained.history


def test_early_stopping_returns_the_best_epoch(data):
    recipe = Recipe("dense_baseline", epochs=30, train_examples=300, learning_rate=0.01,
                    early_stopping=2)  # fmt: skip
    trained = fit(recipe, data, watch=False)
    accuracies = trained.history["val_accuracy"]
    assert len(accuracies) < 30
    assert len(accuracies) == np.argmax(accuracies) + 1 + 2
    kept = trained.model.evaluate(*data.validation, verbose=0)[1]
    assert kept == pytest.approx(max(accuracies), abs=1e-6)


def test_rate_is_halved_on_a_plateau(data):
    recipe = Recipe("softmax_regression", epochs=8, train_examples=300, learning_rate=0.5,
                    reduce_on_plateau=1)  # fmt: skip
    rates = fit(recipe, data).history["learning_rate"]
    assert rates[0] == 0.5
    assert rates[-1] < 0.5
    assert {round(later / earlier, 6) for earlier, later in itertools.pairwise(rates)} <= {0.5, 1.0}


def test_not_watching_changes_nothing_but_the_history(data):
    watched, unwatched = fit(QUICK, data), fit(QUICK, data, watch=False)
    assert (weights(watched) == weights(unwatched)).all()
    assert set(unwatched.history) == {"loss", "accuracy", "seconds"}


def test_steps_per_execution_changes_nothing_else(data):
    several = fit(Recipe(**{**QUICK.__dict__, "steps_per_execution": 7}), data)
    np.testing.assert_allclose(weights(fit(QUICK, data)), weights(several), atol=1e-6)


def test_averaged_weights_take_the_weights_place(data):
    """With a decay near 1 the average stays near the first weights."""
    recipe = Recipe("softmax_regression", epochs=1, train_examples=500)
    keras.utils.set_random_seed(recipe.seed)
    start = models.build(recipe.model).get_weights()[0]
    plain = fit(recipe, data).model.get_weights()[0]
    slow = fit(Recipe(**{**recipe.__dict__, "weight_averaging": 0.9}), data).model.get_weights()[0]
    assert 0 < np.abs(slow - start).mean() < 0.95 * np.abs(plain - start).mean()


def test_probabilities_may_stand_in_for_labels(data):
    """Distillation: certain probabilities train the same network as the labels do."""
    train = data.train.take(500)
    recipe = Recipe("softmax_regression", epochs=2)
    certain = data.with_train(Split(train.images, np.eye(10, dtype=np.float32)[train.labels]))
    by_labels, by_certain = fit(recipe, data.with_train(train)), fit(recipe, certain)
    np.testing.assert_allclose(weights(by_labels), weights(by_certain), atol=1e-6)
    assert by_labels.history["val_accuracy"] == by_certain.history["val_accuracy"]
    unsure = data.with_train(Split(train.images, np.full((500, 10), 0.1, np.float32)))
    chances = fit(recipe, unsure).model.predict(data.validation.images[:50], verbose=0)
    assert chances.max() < 0.5


def test_further_callbacks_watch_without_changing_anything(data):
    seen = []
    watcher = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    watched = fit(QUICK, data, callbacks=[watcher])
    assert seen == [0, 1]
    np.testing.assert_array_equal(weights(watched), weights(fit(QUICK, data)))


def test_every_batch_order_is_decided_by_seed_and_epoch(data):
    first, again = (Batches(data.train.take(1_000), QUICK) for _ in range(2))
    assert (first[0][0] == again[0][0]).all()
    before = np.concatenate([first[i][1] for i in range(len(first))])
    first.on_epoch_end()
    after = np.concatenate([first[i][1] for i in range(len(first))])
    assert (before != after).any()
    assert (np.sort(before) == np.sort(after)).all()
    assert (Batches(data.train.take(1_000), QUICK, epoch=1)[0][0] == first[0][0]).all()


def test_fit_learns_and_reports(data):
    trained = fit(QUICK, data)
    assert set(trained.history) == {"loss", "accuracy", "val_loss", "val_accuracy", "seconds"}
    assert len(trained.history["loss"]) == 2
    assert trained.history["val_accuracy"][-1] > 0.6
    accuracy = trained.model.evaluate(*data.validation, verbose=0)[1]
    assert accuracy == pytest.approx(trained.history["val_accuracy"][-1], abs=1e-3)


def test_same_seed_same_weights_other_seed_others(data):
    one, two = fit(QUICK, data), fit(QUICK, data)
    other = fit(Recipe(**{**QUICK.__dict__, "seed": 1}), data)
    assert (weights(one) == weights(two)).all()
    assert (weights(one) != weights(other)).any()


@pytest.mark.parametrize("change", [
    {"optimizer": "sgd", "learning_rate": 0.1}, {"optimizer": "momentum", "learning_rate": 0.1}, {"optimizer": "rmsprop"},
    {"schedule": "cosine"}, {"schedule": "one_cycle"}, {"augment": "keras"}, {"augment": "mild"}, {"augment": "elastic"}, {"betas": (0.5, 0.9)},
    {"weight_averaging": 0.9},
    {"label_smoothing": 0.1}, {"scaling": "standard"},
])  # fmt: skip
def test_every_setting_changes_the_training(data, change):
    recipe = Recipe(**{**QUICK.__dict__, "epochs": 1, **change})
    plain = Recipe(**{**QUICK.__dict__, "epochs": 1})
    trained = fit(recipe, data)
    assert (weights(trained) != weights(fit(plain, data))).any()
    assert trained.model.count_params() == 7_850  # augmentation is no part of the model
    assert trained.model.evaluate(*data.validation, verbose=0)[1] > 0.2


def test_progress_is_one_line_and_only_when_asked_for(data, capsys):
    recipe = Recipe("softmax_regression", epochs=2, train_examples=500)
    fit(recipe, data)
    assert capsys.readouterr().out == ""
    fit(recipe, data, verbose=1)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "2 of 2 epochs" in out
    assert "val_accuracy" in out


def test_more_images_than_there_are(data):
    with pytest.raises(ValueError, match="between 1 and 55,000"):
        fit(Recipe("softmax_regression", train_examples=60_000), data)


def test_one_cycle_rises_for_a_quarter_then_falls_to_zero():
    rates = np.array([float(OneCycle(0.1, 100)(step)) for step in range(100)])
    assert rates.argmax() in (24, 25)
    assert rates.max() == pytest.approx(0.1, rel=0.05)
    assert (np.diff(rates[:25]) > 0).all()
    assert (np.diff(rates[25:]) < 0).all()
    assert 0 <= rates[-1] < 0.001
    with pytest.raises(ValueError, match="peak > 0"):
        OneCycle(0, 10)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_UTILS_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def trainings(monkeypatch):
    """The recipes that are really trained, in order."""
    made, real = [], training.fit

    def counted(recipe, *args, **kwargs):
        made.append(recipe)
        return real(recipe, *args, **kwargs)

    monkeypatch.setattr(training, "fit", counted)
    return made


def test_second_call_returns_the_stored_network(data, cache, trainings):
    first = artifacts.get_or_train(QUICK, data)
    second = artifacts.get_or_train(QUICK, data)
    assert trainings == [QUICK]
    assert (weights(first) == weights(second)).all()
    assert first.history == second.history
    assert second.model.evaluate(*data.validation, verbose=0)[1] > 0.6
    assert not list(cache.glob(".unfinished*"))


def test_other_recipe_data_or_code_is_trained_anew(data, cache, trainings, monkeypatch):
    artifacts.get_or_train(QUICK, data)
    artifacts.get_or_train(Recipe(**{**QUICK.__dict__, "seed": 5}), data)
    data_checksum = data.checksum
    monkeypatch.setattr(data, "checksum", "another")
    artifacts.get_or_train(QUICK, data)
    monkeypatch.setattr(data, "checksum", data_checksum)
    monkeypatch.setattr(artifacts, "source_sum", lambda *modules: "changed code")
    artifacts.get_or_train(QUICK, data)
    assert len(trainings) == 4


@pytest.mark.parametrize("name", ["model.keras", "history.json", "sums.json"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_damaged_entry_is_retrained_with_a_notice(data, cache, trainings, capsys, name, damage):
    first = artifacts.get_or_train(QUICK, data)
    file = next(cache.glob(f"*/{name}"))
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(content)
    elif damage == "truncate":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.unlink()
    again = artifacts.get_or_train(QUICK, data)
    assert "is damaged" in capsys.readouterr().out
    assert len(trainings) == 2
    assert (weights(first) == weights(again)).all()
    artifacts.get_or_train(QUICK, data)
    assert len(trainings) == 2  # the entry was mended


def test_unwritable_chosen_cache_is_an_error_before_training(
    data, tmp_path, monkeypatch, trainings
):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MNIST_UTILS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OSError, match="MNIST_UTILS_CACHE must name a folder that can"):
        artifacts.get_or_train(QUICK, data)
    assert trainings == []


def test_unwritable_default_cache_is_done_without(data, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.delenv("MNIST_UTILS_CACHE")
    monkeypatch.setattr(
        artifacts.platformdirs, "user_cache_dir", lambda name: tmp_path / "file" / name
    )
    assert artifacts.get_or_train(QUICK, data).history["loss"]
    assert "nothing is stored" in capsys.readouterr().out


def test_generic_cache_stores_any_result(cache, capsys):
    calls = []

    def compute():
        calls.append(1)
        return 42

    def save(value, folder):
        (folder / "value").write_text(str(value))

    def load(folder):
        return int((folder / "value").read_text())

    for _ in range(2):
        assert artifacts.cached({"a": 1}, compute, save, load, name="number") == 42
    assert len(calls) == 1
    names = sorted(path.name.partition("-")[0] for path in cache.iterdir())
    assert names == ["number", "unfinished"]
    assert not list((cache / "unfinished").iterdir())  # where the lock was
