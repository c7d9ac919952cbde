"""Drawings of lessons 01 and 03 show what they are given, are described, and nothing of them is cut off."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import diagrams

SIX = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[255, 254, 0], [128] * 3, [253] * 3]], np.uint8)
WIDE = np.zeros((30, 60, 3), np.uint8)
FITS = dict.fromkeys(("stretch", "crop", "letterbox"), np.zeros((15, 15, 3), np.uint8))
HISTORY = [
    {"cat": ("c", "a", "t"), "rat": ("r", "a", "t")},
    {"cat": ("c", "at"), "rat": ("r", "at")},
    {"cat": ("cat",), "rat": ("r", "at")},
]
VECTORS = np.array([[-1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [1.0, 0.0, 0.5]])
STATES = np.array([[-0.2, 0.08], [0.49, -0.57], [-0.001, 0.15]])
COUNTS = np.array([[1, 1, 0], [0, 1, 2]])
WEIGHTS = np.array([[0.61, 0.79, 0.0], [0.0, 0.37, 0.93]])
DRAWINGS = {
    "arrays_of_modalities": (),
    "bag_of_words": (["soup cold", "soup good good"], ["cold", "soup", "good"], COUNTS, WEIGHTS),
    "framing": (np.sin(np.arange(560) * 0.7), 8000, 200, 80),
    "gradient_chain": ((0.8, 1.0, 1.1),),
    "gru_cell": (),
    "image_array": (SIX, 1, 0),
    "lstm_cell": (),
    "merge_steps": (HISTORY, [("a", "t"), ("c", "at")]),
    "padding_mask": ([["not", "good"], ["bad", "not", "good"], ["good"]],),
    "three_fits": (WIDE, FITS),
    "unrolled_rnn": (["bad", "not", "good"], VECTORS, STATES),
}


def texts(figure):
    plt.close(figure)
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_described_and_nothing_of_it_is_cut_off(name):
    figure, description = getattr(diagrams, name)(*DRAWINGS[name])
    assert description.endswith(".") and len(description) > 100
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    for axes in figure.axes:
        for text in axes.texts:
            box = text.get_window_extent()
            assert min(box.x0, box.y0) >= 0, text.get_text()
            assert box.x1 <= width and box.y1 <= height, text.get_text()
    plt.close(figure)


def test_the_unrolled_network_shows_every_state_and_no_negative_zero():
    figure, description = diagrams.unrolled_rnn(*DRAWINGS["unrolled_rnn"])
    shown = texts(figure)
    assert {"0.00\n0.00", "-0.20\n0.08", "0.49\n-0.57", "0.00\n0.15"} <= set(shown)
    assert {"bad", "not", "good"} <= set(shown)
    assert (
        "-1.00\n0.00\n0.50" in shown and "the same W (3, 2), U (2, 2) and b (2,) at every position" in shown
    )
    assert "0.00, 0.15" in description


def test_padding_is_what_is_shorter_than_the_longest_text():
    figure, description = diagrams.padding_mask([["a"], ["b", "c", "d"]])
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    shown = texts(figure)
    assert len(hatched) == shown.count("[PAD]\nFalse") == 2
    assert shown.count("position 0") == 2 and shown.count("position 2") == 2  # heading and last state
    assert "2 texts of 1, 3 tokens" in description


def test_a_bag_of_words_shows_counts_and_weights():
    figure, description = diagrams.bag_of_words(*DRAWINGS["bag_of_words"])
    shown = texts(figure)
    assert {"0.61", "0.79", "0.37", "0.93", "2"} <= set(shown)
    assert "“soup good good” becomes 0.00, 0.37, 0.93" in description


def test_the_chain_multiplies_at_each_step_back():
    figure, description = diagrams.gradient_chain([0.5])
    assert {"1.00", "0.50", "0.25", "0.12", "0.06", "0.03"} <= set(texts(figure))
    assert "0.03" in description


def test_an_image_is_shown_with_every_number_and_one_pixel_framed():
    figure, description = diagrams.image_array(SIX, 1, 0)
    framed = [patch for patch in figure.axes[0].patches if patch.get_linewidth() == 3]
    shown = texts(figure)
    assert len(framed) == 4  # in the image and in each channel
    assert sorted(text for text in shown if len(text) == 3) == sorted(
        ["255"] * 4 + ["254"] + ["128"] * 3 + ["253"] * 3
    )
    assert "thick frame: image[1, 0] is [255, 254, 0]" in shown
    assert "2 rows and 3 columns" in description and "255, 254, 0" in description


def test_only_stretch_has_two_factors_of_scale():
    figure, _ = diagrams.three_fits(WIDE, FITS)
    plt.close(figure)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [
        "image, 30 × 60",
        "stretch\n× 0.50 down\n× 0.25 across",
        "crop\n× 0.50 down\n× 0.50 across",
        "letterbox\n× 0.25 down\n× 0.25 across",
    ]


def test_merge_steps_frame_the_new_pieces():
    figure, description = diagrams.merge_steps(*DRAWINGS["merge_steps"])
    framed = [patch for patch in figure.axes[0].patches if patch.get_linewidth() == 3]
    shown = texts(figure)
    assert len(framed) == 3  # "at" in both words, "cat" in one
    assert len(figure.axes[0].patches) == 6 + 4 + 3
    assert {"1. join a + t", "2. join c + at", "cat"} <= set(shown)
    assert description.endswith("At the end cat is cat; rat is r | at.")


def test_a_frame_gives_a_column_with_the_energy_at_its_tone():
    tone = np.cos(2 * np.pi * 1000 * np.arange(560) / 8000)
    figure, description = diagrams.framing(tone, 8000, 200, 80)
    plt.close(figure)
    (picture,) = figure.axes[1].images
    assert picture.get_array().shape == (101, 5)
    assert (picture.get_array().argmax(axis=0) == 25).all()  # 1,000 Hz in bins of 40 Hz
    assert "under 5 bell-shaped windows" in description and "25 ms" in description
