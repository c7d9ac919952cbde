"""Scarce labels, widths, remedies and missing modalities: what is drawn, what is done, what is not."""

import numpy as np
import pytest

from course_utils import runtime

runtime.start()

from course_utils.experiments import capacity, compute, missing, scarce  # noqa: E402 - after the quiet start
from course_utils.features import pretrained  # noqa: E402

KERNEL = np.random.default_rng(0).normal(size=(3, 3, 8, 6)).astype(np.float32)

# Scarce labels


def test_fewer_concepts_are_among_more_and_another_seed_draws_others():
    few, many = set(scarce.nested(50, 0)), set(scarce.nested(400, 0))
    assert len(few) == 50 and few < many
    assert few != set(scarce.nested(50, 1))


def test_pseudo_labels_are_sure_and_the_surest_of_each_class():
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.95, 0.05], [0.2, 0.8], [0.5, 0.5]])
    for threshold, most, expected in ((0.0, 9, [0, 1, 2, 3, 4]), (0.7, 9, [0, 2, 3]), (0.0, 1, [2, 3])):
        items, labels = scarce.pseudo_labels(p, threshold, most)
        assert items.tolist() == expected
        np.testing.assert_array_equal(labels, p[items].argmax(axis=1))


# Widths


def test_widths_go_from_a_thousand_parameters_to_a_million():
    counts = [capacity.build(row).count_params() for row in capacity.WIDTHS]
    assert counts == sorted(counts) and counts[0] < 1500 and 9e5 < counts[-1] < 1.1e6
    assert all(
        capacity.build(f"widest, {remedy}").count_params() - counts[-1] in range(10)
        for remedy in capacity.REMEDIES
    )


@pytest.mark.slow
def test_concepts_learned_from_are_not_tested_on():
    sets = capacity.load_sets(0)
    assert [len(labels) for _, labels in sets.values()] == [200, 1371, 1371]
    assert not {p.tobytes() for p in sets["train"][0]} & {p.tobytes() for p in sets["new concepts"][0]}


# Remedies


def test_int8_is_off_by_half_a_step_at_most():
    kernel = KERNEL.copy()
    kernel[..., 2] = 0
    found, size = compute.int8(kernel)
    steps = np.abs(kernel).reshape(-1, 6).max(axis=0) / 127
    assert (np.abs(found - kernel) <= steps / 2 + 1e-6).all()
    assert size == kernel.size + 24


def test_pruning_leaves_the_largest_as_they_are():
    found, size = compute.pruned(KERNEL, 0.75)
    kept = found != 0
    assert kept.mean() == pytest.approx(0.25, abs=0.01) and size == 8 * kept.sum()
    np.testing.assert_array_equal(found[kept], KERNEL[kept])
    assert np.abs(KERNEL[kept]).min() > np.abs(KERNEL[~kept]).max()


def test_low_rank_is_the_nearest_of_its_rank_and_never_larger_than_the_kernel():
    found, size = compute.low_rank(KERNEL, 0.5)
    assert np.linalg.matrix_rank(found.reshape(72, 6), tol=1e-4) == 3 and size == 4 * 3 * 78
    lost = np.linalg.svd(KERNEL.reshape(72, 6), compute_uv=False)[3:]
    assert np.linalg.norm(found - KERNEL) == pytest.approx(np.linalg.norm(lost), rel=1e-4)
    whole, size = compute.low_rank(KERNEL, 1.0)
    assert whole is KERNEL and size == KERNEL.nbytes


def test_the_teacher_of_groups_is_a_copy_that_leaves_the_teacher_alone():
    model, before = compute.teacher_of_groups(), pretrained.load_image_classifier().get_weights()
    p = np.exp(model.predict(np.zeros((2, 48, 48, 3), np.float32), verbose=0))
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-4)
    model.set_weights([0 * value for value in model.get_weights()])
    for value, now in zip(before, pretrained.load_image_classifier().get_weights(), strict=True):
        np.testing.assert_array_equal(value, now)


# Missing modalities


@pytest.mark.parametrize("mean", [False, True])
def test_what_is_absent_does_not_count(mean):
    model, rng = missing.build(mean=mean), np.random.default_rng(0)
    inputs = {"picture": rng.normal(size=(3, 64)), "sound": rng.normal(size=(3, 640))}
    inputs["present"] = np.array([[1, 1], [1, 0], [0, 1]])
    before = model.predict(inputs, verbose=0)
    inputs["sound"] = inputs["sound"] + 1
    changed = np.abs(model.predict(inputs, verbose=0) - before).max(axis=1)
    assert changed[1] == 0 and min(changed[0], changed[2]) > 1e-4


def test_a_written_digit_is_paired_with_a_recording_of_it():
    digits, spoken = np.array([3, 1, 3, 2]), np.array([1, 2, 3, 1, 3])
    rows = missing.paired(digits, spoken, np.random.default_rng(0))
    np.testing.assert_array_equal(spoken[rows], digits)
