"""What answers are worth: ``scores`` of a model, ``sequences`` it writes, what it makes of ``modalities``."""

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
from course_utils.evaluation.sequences import (
    FactScores,
    InventedThings,
    TextScore,
    bleu,
    chrf,
    fact_scores,
    invented_things,
    paired_bootstrap,
)

__all__ = [
    "ClassScores",
    "FactScores",
    "Interval",
    "InventedThings",
    "NoiseCurve",
    "Reliability",
    "TextScore",
    "bleu",
    "bootstrap_interval",
    "chrf",
    "class_scores",
    "confusion_matrix",
    "emap",
    "expected_calibration_error",
    "fact_scores",
    "fit_temperature",
    "invented_things",
    "modality_ablations",
    "noise_curve",
    "other_samples",
    "paired_bootstrap",
    "pointing_game",
    "reliability",
]
