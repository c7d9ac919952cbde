"""The ladder of positions: what the rows build, on which scenes they are scored, and what was recorded."""

import numpy as np

from course_utils import runtime
from course_utils.experiments import positions, results

runtime.start()


def test_marks_of_rows_and_columns_name_each_region_once():
    marks = positions.POSITIONS["row and column"]
    assert len(np.unique(marks, axis=0)) == 36 and (marks.sum(axis=1) == 2).all()
    assert marks[8].nonzero()[0].tolist() == [1, 6 + 2]  # region 8 is in row 1, column 2
    assert not positions.POSITIONS["no positions"].any()


def test_without_positions_the_order_of_the_regions_changes_nothing_and_with_them_it_does():
    rng = np.random.default_rng(0)
    questions = rng.integers(1, 40, (2, 8, 7))
    regions = rng.normal(size=(2, 36, 192)).astype("float32")
    order = rng.permutation(36)
    for name, marks in positions.POSITIONS.items():
        model, maps = positions.build(marks)
        same = np.allclose(model([questions, regions]), model([questions, regions[:, order]]), atol=1e-4)
        assert same == (name == "no positions"), name
        assert maps([questions, regions]).shape == (2, 2, 4, 8, 36)


def test_hidden_regions_get_no_weight():
    rng = np.random.default_rng(0)
    regions = rng.normal(size=(1, 36, 192)).astype("float32")
    regions[:, 10:20] = 0
    _, maps = positions.build(positions.POSITIONS["row and column"])
    weights = np.asarray(maps([rng.integers(1, 40, (1, 8, 7)), regions]))
    assert weights[..., 10:20].max() < 1e-6
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)


def test_one_look_has_one_map_and_two_blocks_have_more_weights():
    marks = positions.POSITIONS["row and column"]
    shared, _ = positions.build(marks)
    _, once = positions.build(marks, looks=1)
    apart, _ = positions.build(marks, shared=False)
    inputs = [np.ones((1, 8, 7), "int32"), np.ones((1, 36, 192), "float32")]
    assert once(inputs).shape == (1, 1, 4, 8, 36)
    assert apart.count_params() > shared.count_params()


def test_the_record_is_of_this_experiment_and_has_every_row_with_the_same_three_seeds_or_more():
    record = results.load("positions")
    assert record.configuration == positions.CONFIGURATION
    assert set(record.rows) == set(positions.ROWS)
    seeds = {record.row(row)["accuracy"].seeds for row in record.rows}
    assert len(seeds) == 1 and len(seeds.pop()) >= 3
