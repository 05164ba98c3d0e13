import os

import pytest
from hypothesis import HealthCheck, settings

# Before anything imports TensorFlow, and for every subprocess.
os.environ.update(MNIST_UTILS_PROGRESS="0", TF_CPP_MIN_LOG_LEVEL="3", MPLBACKEND="agg",
                  JUPYTER_PREFER_ENV_PATH="1")  # fmt: skip

# A busy machine must not fail a test by its slowness.
settings.register_profile("series", deadline=None)
# `make fuzz`: as many inputs as FUZZ says.
settings.register_profile("long", deadline=None, max_examples=int(os.environ.get("FUZZ", 10_000)),
                          suppress_health_check=list(HealthCheck))  # fmt: skip
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "series"))


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Every test session trains into a cache of its own."""
    os.environ["MNIST_UTILS_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def data():
    from mnist_utils.data import load_mnist

    return load_mnist()


@pytest.fixture
def close_figures():
    from matplotlib import pyplot as plt

    before = dict(plt.rcParams)
    yield
    assert dict(plt.rcParams) == before  # a plotter never changes global settings
    plt.close("all")
