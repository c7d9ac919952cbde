"""What answers are worth: ``scores`` of a model, and what it makes of its ``modalities``."""

from course_utils.evaluation.modalities import (
    NoiseCurve,
    emap,
    modality_ablations,
    noise_curve,
    other_samples,
    pointing_game,
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
    "ClassScores",
    "Interval",
    "NoiseCurve",
    "Reliability",
    "bootstrap_interval",
    "class_scores",
    "confusion_matrix",
    "emap",
    "expected_calibration_error",
    "fit_temperature",
    "modality_ablations",
    "noise_curve",
    "other_samples",
    "pointing_game",
    "reliability",
]
