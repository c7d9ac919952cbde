"""What answers are worth: ``scores`` of a model, its use of ``modalities``, what its ``retrieval`` finds."""

from course_utils.evaluation.modalities import (
    NoiseCurve,
    emap,
    modality_ablations,
    noise_curve,
    other_samples,
    pointing_game,
)
from course_utils.evaluation.retrieval import (
    WINOGROUND_CHANCE,
    Hubness,
    chance_median_rank,
    chance_recall_at,
    hubness,
    median_rank,
    ranks,
    recall_at,
    winoground,
)
from course_utils.evaluation.scores import (
    ClassScores,
    Interval,
    Reliability,
    bootstrap_interval,
    class_scores,
    confusion_matrix,
    expected_calibration_error,
    fit_temperature,
    reliability,
)

__all__ = [
    "WINOGROUND_CHANCE",
    "ClassScores",
    "Hubness",
    "Interval",
    "NoiseCurve",
    "Reliability",
    "bootstrap_interval",
    "chance_median_rank",
    "chance_recall_at",
    "class_scores",
    "confusion_matrix",
    "emap",
    "expected_calibration_error",
    "fit_temperature",
    "hubness",
    "median_rank",
    "modality_ablations",
    "noise_curve",
    "other_samples",
    "pointing_game",
    "ranks",
    "recall_at",
    "reliability",
    "winoground",
]
