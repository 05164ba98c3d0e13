import subprocess
import sys

import numpy as np
import pytest

from mnist_utils.sweeps import sweep


def scaled(seed, factor=1.0, offset=0.0):
    """A stand-in for an experiment: quick, and it depends on everything that it is given."""
    noise = np.random.default_rng(seed).normal()
    return {"value": factor * noise + offset, "twice": 2 * factor}


def failing(seed, factor):
    if seed == 2 and factor == 5:
        raise ZeroDivisionError("on purpose")
    return {"value": 1.0}


@pytest.mark.parametrize("processes", [1, 2])
def test_every_combination_in_order_with_the_results_of_direct_calls(processes):
    frame = sweep(scaled, {"factor": [3.0, 1.0], "offset": [0.0, 10.0]}, seeds=[4, 2],
                  processes=processes)  # fmt: skip
    assert list(frame.columns) == ["factor", "offset", "seed", "value", "twice"]
    assert frame.factor.tolist() == [3.0] * 4 + [1.0] * 4
    assert frame.offset.tolist() == [0.0, 0.0, 10.0, 10.0] * 2
    assert frame.seed.tolist() == [4, 2] * 4
    for row in frame.itertuples():
        assert row.value == scaled(row.seed, row.factor, row.offset)["value"]
        assert row.twice == 2 * row.factor


def test_settings_may_be_a_list_and_seeds_a_range_or_an_array():
    frame = sweep(scaled, [{"factor": 2.0}, {"offset": 1.0}], seeds=range(2), processes=1)
    assert frame.seed.tolist() == [0, 1, 0, 1]
    assert frame.offset.isna().tolist() == [True, True, False, False]
    again = sweep(scaled, [{"factor": 2.0}, {"offset": 1.0}], seeds=np.arange(2), processes=1)
    assert again.equals(frame)
    assert len(sweep(scaled, {}, seeds=[0], processes=1)) == 1


def test_training_in_processes_gives_what_a_direct_call_gives(data):
    few = data.train.take(200)

    def train(seed, rate):  # not importable, like a function that a notebook defines
        from mnist_utils import models
        from mnist_utils.startup import keras

        keras.utils.set_random_seed(seed)
        model = models.build("softmax_regression")
        model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy")
        losses = model.fit(few.images, few.labels, batch_size=50, verbose=0).history["loss"]
        return {"loss": losses[0]}

    frame = sweep(train, {"rate": [0.01, 0.1]}, seeds=[0, 1], processes=2)
    direct = [train(row.seed, row.rate)["loss"] for row in frame.itertuples()]
    np.testing.assert_allclose(frame.loss, direct, rtol=1e-5)
    assert frame.loss.nunique() == 4


@pytest.mark.parametrize("processes", [1, 2])
def test_error_in_a_call_reaches_the_caller_and_names_the_call(processes):
    with pytest.raises(ZeroDivisionError, match="on purpose") as caught:
        sweep(failing, {"factor": [1, 5]}, seeds=[1, 2], processes=processes)
    assert caught.value.__notes__ == ["raised by experiment(factor=5, seed=2)"]


@pytest.mark.parametrize(("experiment", "settings", "options", "message"), [
    (scaled, {"factor": [1]}, {"seeds": []}, "at least one setting and one seed"),
    (scaled, {"factor": []}, {"seeds": [0]}, "at least one setting and one seed"),
    (scaled, {"speed": [1]}, {"seeds": [0]}, r"can't be called with .*speed"),
    (scaled, [{"seed": 3}], {"seeds": [0]}, "a setting can't hold a seed"),
    (scaled, {"factor": [1]}, {"seeds": [0], "processes": 0}, "processes must be at least 1"),
    (lambda seed: 0.5, {}, {"seeds": [0], "processes": 1}, "must return a dictionary"),
    (lambda seed: {"seed": 1}, {}, {"seeds": [0], "processes": 1}, "must return a dictionary"),
])  # fmt: skip
def test_what_can_not_be_swept_is_named(experiment, settings, options, message):
    with pytest.raises(ValueError, match=message):
        sweep(experiment, settings, **options)


def test_a_chosen_backend_is_used():
    from joblib import parallel_config

    with parallel_config("threading", n_jobs=2):
        frame = sweep(scaled, {"factor": [1.0, 2.0]}, seeds=[0, 1], processes=2)
    assert frame.equals(sweep(scaled, {"factor": [1.0, 2.0]}, seeds=[0, 1], processes=1))


def test_processes_start_quietly():
    program = (
        "from mnist_utils.sweeps import sweep\n"
        "from mnist_utils.startup import keras\n"
        "def network(seed):\n"
        "    return {'sum': float(keras.ops.sum(keras.ops.ones(seed + 2)))}\n"
        "print(sweep(network, {}, seeds=[0, 1], processes=2)['sum'].tolist())\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout == "[2.0, 3.0]\n"
    assert result.stderr == ""
