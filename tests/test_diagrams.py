"""The drawings show the numbers that they are given, and each comes with its description."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import diagrams


def texts(figure):
    plt.close(figure)
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_computation_graph_shows_every_value_and_gradient():
    values = {
        "x": np.array([[1.0, 2.0]]),
        "A": np.array([[3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]),
        "s": np.array([[9.0, -1.5, 0.5]]),
        "h": np.array([[9.0, 0.0, 0.25]]),
        "B": np.eye(3)[:, :2],
        "z": np.array([[1.25, -0.5]]),
        "loss": np.array(2.13),
    }
    gradients = {name: np.full_like(array, 0.75) for name, array in values.items() if name != "x"}
    figure, description = diagrams.computation_graph(values, gradients)
    shown = texts(figure)
    assert {"3.00  4.00  5.00\n6.00  7.00  8.00", "9.00  -1.50  0.50", "2.13"} <= set(shown)
    assert sum("0.75" in text for text in shown) == len(gradients)
    assert set("xAshBz") <= set(shown)
    assert "loss" in description


def test_no_negative_zero_is_drawn():
    arrays = {name: np.array([[-0.0]]) for name in ("x", "A", "s", "h", "B", "z", "loss")}
    assert not any("-0.00" in text for text in texts(diagrams.computation_graph(arrays, arrays)[0]))


@pytest.mark.parametrize("folds", [1, 3, 5, 10])
def test_every_fold_is_the_validation_set_once(folds):
    figure, description = diagrams.data_splits(folds)
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert texts(figure).count("validation") == len(hatched) == folds
    assert len({patch.get_x() for patch in hatched}) == folds
    assert description.startswith("A bar" if folds == 1 else f"{folds} bars")


@pytest.mark.parametrize(
    "name", ["cross_attention", "elimination", "fusion_family", "query_key_value", "training_loop"]
)
def test_a_drawing_is_described_and_nothing_of_it_is_cut_off(name):
    figure, description = getattr(diagrams, name)()
    assert description.endswith(".") and len(description) > 100
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    for axes in figure.axes:
        for text in axes.texts:
            box = text.get_window_extent()
            assert min(box.x0, box.y0) >= 0, text.get_text()
            assert box.x1 <= width and box.y1 <= height, text.get_text()
