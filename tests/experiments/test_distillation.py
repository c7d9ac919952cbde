"""What the student is, what it learns from and is tested on, and that the file is the recorded one."""

import numpy as np
import pytest

from course_utils import runtime
from course_utils.datasets import emoji
from course_utils.places import DATA

runtime.start()

from course_utils.experiments import distillation, image_groups, results  # noqa: E402 - after the quiet start
from course_utils.features import pretrained  # noqa: E402


def test_the_student_has_less_than_a_tenth_of_the_teachers_parameters_and_a_small_file():
    student, teacher = distillation.load_student(), pretrained.load_image_classifier()
    assert student.count_params() <= teacher.count_params() / 10
    assert (DATA / distillation.CHECKPOINT).stat().st_size <= 170_000
    assert student.output_shape == (None, 9)


@pytest.mark.slow
def test_the_shipped_student_is_the_recorded_one():
    recorded = results.load("distillation").row(distillation.DISTILLED)
    for name, value in distillation.measure(distillation.load_student()).items():
        # Another processor may decide one picture in a thousand otherwise, of 30 photographs one.
        assert value == pytest.approx(recorded[name].values[0], abs=0.034 if "photo" in name else 0.004), name


def test_no_drawing_that_is_held_out_is_learned_from():
    seen = distillation.learned_sprites()
    held_out, _ = image_groups.held_out_drawings(seen.shape[0] * seen.shape[1])
    styles, concepts = np.divmod(held_out, seen.shape[1])
    world = emoji.load(emoji.TRAIN_STYLES)
    own = np.stack([distillation.pretrain_image.premultiplied(p, 48) for p in world.pictures.values()])
    changed = (seen != own).any(axis=(2, 3, 4))
    assert changed[styles, concepts].all() and changed.sum() == len(held_out)
    for style, concept in zip(styles[:20], concepts[:20], strict=True):
        assert any((seen[style, concept] == own[other, concept]).all() for other in {0, 1, 2} - {style})


def test_groups_are_sums_over_their_concepts_even_of_large_logits():
    logits = np.zeros((2, pretrained.CONCEPTS), np.float32)
    logits[1, 0] = 1e4
    groups = emoji.load(()).groups
    p = np.exp(distillation.group_logits(logits))
    np.testing.assert_allclose(p[0], np.bincount(groups) / len(groups), atol=1e-6)
    assert p[1].argmax() == groups[0] and p[1].max() == pytest.approx(1)
