"""Every drawing of a lesson comes with a description, and its labels are all inside the picture."""

import pytest

from course_utils import diagrams


@pytest.mark.parametrize("name", ["cross_attention", "elimination", "fusion_family", "query_key_value"])
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
