"""How far to trust a measured number: intervals, comparisons, calibration, one test reading.

Nothing here imports TensorFlow. Statistics are SciPy's and scikit-learn's wherever they have them.
"""

from mnist_utils.evaluation.calibration import (
    apply_temperature,
    brier_score,
    calibration_scores,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_curve,
)
from mnist_utils.evaluation.comparison import (
    ModelComparison,
    RecipeComparison,
    compare_models,
    compare_recipes,
)
from mnist_utils.evaluation.intervals import (
    Accuracy,
    SeedSpread,
    accuracy,
    accuracy_interval,
    mean_interval,
    prediction_interval,
    seed_spread,
)
from mnist_utils.evaluation.ledger import evaluate_once, list_readings
from mnist_utils.evaluation.predictions import (
    Prediction,
    classification_table,
    confused_pairs,
    confusion_table,
    predict_one,
)
from mnist_utils.evaluation.ranks import rank_correlation
from mnist_utils.evaluation.resampling import bootstrap_interval

__all__ = [
    "Accuracy",
    "ModelComparison",
    "Prediction",
    "RecipeComparison",
    "SeedSpread",
    "accuracy",
    "accuracy_interval",
    "apply_temperature",
    "bootstrap_interval",
    "brier_score",
    "calibration_scores",
    "classification_table",
    "compare_models",
    "compare_recipes",
    "confused_pairs",
    "confusion_table",
    "evaluate_once",
    "expected_calibration_error",
    "fit_temperature",
    "list_readings",
    "mean_interval",
    "negative_log_likelihood",
    "predict_one",
    "prediction_interval",
    "rank_correlation",
    "reliability_curve",
    "seed_spread",
]
