"""The drawings show the numbers that they are given, and each comes with its description."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import diagrams, evaluation
from course_utils.features import cnn


def texts(figure):
    plt.close(figure)
    return [text.get_text() for axes in figure.axes for text in axes.texts]


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


STEPS = np.array([[0.0, 0, 9, 9, 9]] * 4)
SLOPES = np.array([[-1.0, 0, 1]] * 3)


def test_the_sliding_kernel_shows_patch_products_and_sum():
    figure, description = diagrams.sliding_kernel(STEPS, SLOPES, 1, 2)
    shown = texts(figure)
    numbers = [text for text in shown if text.lstrip("-").isdigit()]
    assert numbers[20 + 9 : 20 + 9 + 9] == ["-9", "0", "9"] * 3
    assert numbers[38:] == ["27", "27", "0"] * 2
    frames = [patch for patch in figure.axes[0].patches if not patch.get_fill()]
    assert [(frame.get_height(), frame.get_width()) for frame in frames] == [(3, 3), (1, 1)]
    assert "add up to 0, " in description and "row 1 and column 2" in description


def test_settings_of_a_convolution_give_the_sizes_that_the_formula_gives():
    figure, _ = diagrams.convolution_settings()
    plt.close(figure)
    drawn = [axes.texts[-1].get_text() for axes in figure.axes]
    settings = ((1, "valid", 1), (1, "same", 1), (2, "valid", 1), (1, "valid", 2))
    sizes = [cnn.output_length(7, 3, stride, padding, dilation) for stride, padding, dilation in settings]
    assert drawn == [f"map {size} × {size}" for size in sizes]


@pytest.mark.parametrize("layers", [[(4, 2)] * 3, [(3, 1)], [(3, 1), (2, 2), (5, 1)]])
def test_as_many_pixels_are_drawn_as_an_entry_sees(layers):
    figure, description = diagrams.receptive_field_growth(layers)
    plt.close(figure)
    squares = figure.axes[0].patches
    lowest = min(square.get_y() for square in squares)
    size = cnn.receptive_field(layers).size
    assert sum(square.get_y() == lowest for square in squares) == size
    assert f"{size} pixels" in description


def test_stacked_kernels_counts_the_weights_of_layers():
    shown = " ".join(texts(diagrams.stacked_kernels(64)[0]))
    for side, depth in ((3, 2), (5, 1), (3, 3), (7, 1)):
        weights = depth * cnn.convolution_cost(side, 64, 64, (1, 1), bias=False).parameters
        assert f"= {weights:,} weights" in shown


def test_batch_norm_is_drawn_with_either_kind_of_statistics():
    figure, _ = diagrams.batch_norm_modes(np.array([1.0, 3.0, 8.0]), 2.0, 4.0, epsilon=0.0)
    plt.close(figure)
    after = [axes.lines[-2].get_xdata() for axes in figure.axes]
    assert np.isclose(after[0].mean(), 0) and np.isclose(after[0].std(), 1)
    assert np.allclose(after[1], [-0.5, 0.5, 3.0])


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
    "folded_frequencies": (8000, [1000, 7000]),
    "framing": (np.sin(np.arange(560) * 0.7), 8000, 200, 80),
    "gradient_chain": ((0.8, 1.0, 1.1),),
    "gru_cell": (),
    "image_array": (SIX, 1, 0),
    "lstm_cell": (),
    "merge_steps": (HISTORY, [("a", "t"), ("c", "at")]),
    "padding_mask": ([["not", "good"], ["bad", "not", "good"], ["good"]],),
    "three_fits": (WIDE, FITS),
    "unrolled_rnn": (["bad", "not", "good"], VECTORS, STATES),
    "collapsed_paths": (["hhe-ll-lo", "hheelllo"],),
    "ctc_trellis": ("ab", 4),
    "edit_table": (["please", "call", "me"], ["please", "fall"]),
    "layer_chain": ([("GRU in both directions", "(batch, 50, 128)")] * 3, "log-mel (batch, 200, 40)"),
    "sound_text_picture": ("pinapel", "pineapple"),
    "grouped_heads": (6, 2),
    "language_block": (144, 384),
    "low_rank_update": (144, 144, 4),
    "one_sequence": ([("patch", "Dense", 3), ("letter", "table", 4), ("frame", "Dense", 3)], 64),
    "patch_order": (3, 4),
    "seeing_language_model": (36, 192, 144),
    "turned_pairs": ([0, 1, 2, 3], [1.0, 0.1]),
    "who_looks": ([("causal", ["a", "b"], np.tri(2)), ("both ways", ["a", "b"], np.ones((2, 2)))],),
    "kernel_layouts": (),
    "one_model_three_backends": (),
    "parallel_kinds": (),
    "pipeline_timeline": ({"read": 1, "decode": 3, "train": 2},),
    "shared_step": (3, 8),
    "early_exit": (),
    "mean_of_those_present": (),
    "nested_subsets": ((2, 4, 8),),
    "self_training_loop": (),
    "teacher_and_student": (),
    "three_limits": (),
    "two_thin_kernels": (1152, 192, 48),
    "whole_number_weights": ((0.62, -0.31, 0.08, -1.0),),
    "batch_negatives": (["cat", "owl", "cat"],),
    "batch_norm_modes": (np.arange(6.0), 1.0, 2.0),
    "convolution_settings": (),
    "cross_attention": (),
    "elimination": (),
    "fusion_family": (),
    "query_key_value": (),
    "receptive_field_growth": ([(4, 2)] * 3,),
    "rivals": (),
    "similarity_table": (np.eye(3), ["a cat", "an owl", "a key"], ["cat", "owl", "key"]),
    "sliding_kernel": (STEPS, SLOPES, 0, 1),
    "stacked_kernels": (64,),
    "tempered_row": ([0.9, 0.1], [1, 0.1], ["cat", "owl"]),
    "training_loop": (),
    "two_towers": (384, 2048, 64),
    "unit_circle": ({"a": (1.6, 0.5), "b": (0.3, 0.6)},),
}


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
    assert description.endswith("a + t, c + at. At the end: cat = cat; rat = r | at.")


def test_tones_beyond_half_the_rate_are_drawn_where_they_are_heard():
    figure, description = diagrams.folded_frequencies(1000, [450, 800, 1300])
    plt.close(figure)
    heard = [line.get_ydata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert heard == pytest.approx([450, 200, 300])
    assert "up to 500 Hz" in description and description.endswith("800 Hz at 200 Hz, 1,300 Hz at 300 Hz.")


def test_a_frame_gives_a_column_with_the_energy_at_its_tone():
    tone = np.cos(2 * np.pi * 1000 * np.arange(560) / 8000)
    figure, description = diagrams.framing(tone, 8000, 200, 80)
    plt.close(figure)
    (picture,) = figure.axes[1].images
    assert picture.get_array().shape == (101, 5)
    assert (picture.get_array().argmax(axis=0) == 25).all()  # 1,000 Hz in bins of 40 Hz
    assert "under 5 bell-shaped windows" in description and "25 ms" in description


def test_partners_lie_in_frames_on_the_diagonal():
    table = np.array([[0.91, 0.12], [0.23, 0.84]])
    figure, description = diagrams.similarity_table(table, ["a cat", "an owl"], ["cat", "owl"])
    framed = [patch for patch in figure.axes[0].patches if patch.get_linewidth() == 3]
    centres = sorted((patch.get_x(), -patch.get_y()) for patch in framed)
    assert len(framed) == 2 and centres[0][0] < centres[1][0] and centres[0][1] < centres[1][1]
    assert {"0.91", "0.12", "0.23", "0.84", "a cat", "“owl”"} <= set(texts(figure))
    assert "a cat 0.91, an owl 0.84" in description


def test_two_pairs_of_one_concept_are_no_negatives():
    figure, description = diagrams.batch_negatives(["cat", "owl", "cat"])
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    shown = texts(figure)
    assert len(hatched) == shown.count("the same") == 2
    assert shown.count("partner") == 3 and shown.count("negative") == 4
    assert "4 cells are negatives, and 2 hatched" in description


def test_a_low_temperature_gives_nearly_all_to_the_largest():
    figure, description = diagrams.tempered_row([0.9, 0.6], [1, 0.01], ["cat", "owl"])
    plt.close(figure)
    heights = [[bar.get_height() for bar in axes.patches] for axes in figure.axes]
    assert np.allclose(np.sum(heights, axis=1), 1)
    assert heights[0][0] < 0.6 and heights[1][0] > 0.99
    assert "cat 0.90, owl 0.60" in description and "at 0.01 1.00, 0.00" in description


def test_marks_lie_on_the_circle_whatever_the_length():
    figure, description = diagrams.unit_circle({"long": (3.0, 4.0), "short": (0.0, 0.5)})
    plt.close(figure)
    marks = np.array([np.ravel(line.get_xydata()) for line in figure.axes[0].lines])
    assert np.allclose(marks, [[0.6, 0.8], [0, 1]])
    assert "long of length 5.0 at 53 degrees" in description


def test_the_towers_show_the_widths_that_they_are_given():
    figure, description = diagrams.two_towers(7, 9, 5)
    shown = texts(figure)
    assert "picture features\n(batch, 7)" in shown and shown.count("length 1\n(batch, 5)") == 2
    assert "9 numbers" in description


def test_what_is_given_lies_one_place_behind_what_is_said():
    figure, description = diagrams.teacher_forcing(["a", "cat", "<end>"])
    boxes = [text for text in texts(figure) if text in ("<start>", "a", "cat", "<end>")]
    assert boxes == ["<start>", "a", "a", "cat", "cat", "<end>"]
    assert "given <start>, to be said a; given a, to be said cat; given cat, to be said <end>" in description


@pytest.mark.parametrize("n", [1, 2, 5])
def test_everything_above_the_diagonal_is_hidden(n):
    figure, description = diagrams.causal_table([f"word{i}" for i in range(n)])
    assert texts(figure).count("✓") == n * (n + 1) // 2
    hidden = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert len(hidden) == n * (n - 1) // 2
    assert f"{n * (n + 1) // 2} of them" in description


def test_the_decoder_shows_the_shapes_that_it_is_given():
    figure, description = diagrams.picture_decoder((36, 192), 18, 64, 20)
    shown = " ".join(texts(figure))
    for part in ("(batch, 36, 192)", "(batch, 36, 64)", "(batch, 18)", "(…, 18, 20)"):
        assert part in shown
    assert "36 of 192 numbers" in description
    assert texts(figure).count("+") == 3  # each of the three steps is added to what was there


def test_a_share_too_small_for_two_digits_is_not_shown_as_none():
    figure, description = diagrams.cut_tail([0.9, 0.096, 0.004], list("abc"), 1.0, 1.0)
    assert texts(figure).count("< 0.01") == 1
    assert "c < 0.01" in description
    assert "0.00" not in description


@pytest.mark.parametrize(("temperature", "p", "kept"), [(1, 0.7, 2), (1, 0.0, 1), (1, 1.0, 4), (100, 0.7, 3)])
def test_as_many_bars_are_hatched_as_the_nucleus_keeps(temperature, p, kept):
    figure, description = diagrams.cut_tail([0.1, 0.5, 0.3, 0.1], list("abcd"), temperature, p)
    plt.close(figure)
    assert sum(bool(patch.get_hatch()) for patch in figure.axes[0].patches) == kept
    assert len(description.split(f"at p = {p}: ")[1].split(", ")) == kept


def test_a_beam_of_two_keeps_what_a_beam_of_one_misses():
    tree = {"a": 0.6, "an": 0.4}, {"a": {"cat": 0.35, "key": 0.65}, "an": {"owl": 0.99, "eel": 0.01}}
    narrow, wide = (diagrams.beam_tree(*tree, width=width) for width in (1, 2))
    assert [text.split(":")[0] for text in texts(narrow[0]) if text.startswith("✓")] == [
        "✓ a  0.60",
        "✓ a key",
    ]
    ticked = {text.split(":")[0] for text in texts(wide[0]) if text.startswith("✓")}
    assert ticked == {"✓ a  0.60", "✓ an  0.40", "✓ a key", "✓ an owl"}
    assert "keeps: a, an, then an owl, a key" in wide[1]


@pytest.mark.parametrize("looks", [False, True])
def test_what_is_written_begins_where_reading_has_ended(looks):
    figure, description = diagrams.sequence_to_sequence(["a", "b"], ["b", "a", "<end>"], looks)
    shown = texts(figure)
    assert shown.count("read") == 2 and shown.count("write") == 3
    assert [text for text in shown if text in ("a", "b", "<start>", "<end>")] == [
        *("a", "b"),
        *("<start>", "b", "a"),
        *("b", "a", "<end>"),
    ]
    assert ("look: attention" in shown) == looks == ("From all states" in description)


def test_the_picture_is_the_first_of_what_there_is_to_look_at():
    figure, description = diagrams.picture_among_words(["the", "bat"], 96, 384)
    assert "memory: (1 + 2, 96)" in " ".join(texts(figure))
    (dotted,) = (patch for patch in figure.axes[0].patches if patch.get_hatch())
    words = [patch for patch in figure.axes[0].patches if patch.get_y() == dotted.get_y()]
    assert len(words) == 3 and dotted.get_x() == min(patch.get_x() for patch in words)
    assert "384 features" in description


def test_a_map_of_attention_is_a_table_with_a_head_for_every_row_and_column():
    table = diagrams.attention_table(["只", "<end>"], ["two", "cats"], np.array([[0.04, 0.96], [0.5, 0.5]]))
    assert table.data.count('scope="row"') == table.data.count('scope="col"') == 2
    assert "<b>96</b>" in table.data and "&lt;end&gt;" in table.data and ">4<" not in table.data
    assert "rgb(10, 10, 10); color: white" in table.data and "rgb(245, 245, 245); color: black" in table.data


def test_runs_of_a_path_are_as_wide_as_their_frames():
    figure, description = diagrams.collapsed_paths(["aa-ab"])
    assert texts(figure).count("a") == 3 + 2 and "“aab”" in texts(figure)
    widths = [patch.get_width() for patch in figure.axes[0].patches]
    assert widths == [1] * 5 + [2, 1, 1, 1]
    assert "the runs a - a b" in description


@pytest.mark.parametrize(
    ("letters", "frames", "arrows", "unreached"),
    [("ab", 2, 5, 4), ("aa", 2, 4, 5), ("", 3, 2, 0), ("a", 1, 0, 1)],
)
def test_a_trellis_has_every_step_that_is_allowed_and_no_other(letters, frames, arrows, unreached):
    figure, _ = diagrams.ctc_trellis(letters, frames)
    shown = texts(figure)  # an arrow is an empty text with an arrow patch
    assert shown.count("") == arrows and shown.count("×") == unreached


def test_a_trellis_shows_the_sums_of_the_forward_algorithm():
    sums = np.array([[0.5, 0.25, 0], [0.25, 0.375, 0.125]])
    figure, description = diagrams.ctc_trellis("a", 2, sums)
    assert {"0.5000", "0.2500", "0.3750", "0.1250"} <= set(texts(figure))
    framed = [patch for patch in figure.axes[0].patches if patch.get_linewidth() == 3]
    assert len(framed) == 2 and "add up to 0.500." in description


def test_a_chain_shows_each_layer_with_its_shape():
    figure, description = diagrams.layer_chain(
        [("GRU", "(2, 50, 8)"), ("Dense", "(2, 50, 3)")], "given (2, 50, 4)"
    )
    assert [text for text in texts(figure) if text] == [
        "given (2, 50, 4)",
        "GRU",
        "(2, 50, 8)",
        "Dense",
        "(2, 50, 3)",
    ]
    assert "GRU, which gives (2, 50, 8); Dense, which gives (2, 50, 3)." in description


@pytest.mark.parametrize(
    ("said", "heard", "edits"),
    [
        ("a b c", "a c", "a kept, b deleted, c kept"),
        ("a", "b a", "b inserted, a kept"),
        ("a b", "a d", "b replaced by d"),
    ],
)
def test_the_way_through_the_table_costs_the_edit_distance(said, heard, edits):
    figure, description = diagrams.edit_table(said.split(), heard.split())
    numbers = [text for text in texts(figure) if text.isdigit()]
    assert len(numbers) == (len(said.split()) + 1) * (len(heard.split()) + 1)
    assert int(numbers[-1]) == evaluation.edit_distance(said.split(), heard.split())
    assert edits in description


def test_a_name_leads_from_letters_to_both_kinds_of_pictures():
    figure, description = diagrams.sound_text_picture("pinapel", "pineapple")
    assert {"letters\n“pinapel”", "nearest name\n“pineapple”", "drawing", "photograph"} <= set(texts(figure))
    assert "“pinapel”" in description


def test_patches_are_numbered_as_one_reads_and_stand_in_that_order():
    figure, description = diagrams.patch_order(2, 3)
    assert [text for text in texts(figure) if text] == [*"012345", *"012345"]
    assert "2 rows of 3 patches" in description and "0 to 5" in description


def test_every_piece_gets_the_vector_of_its_place_and_of_its_modality():
    figure, description = diagrams.one_sequence([("patch", "Dense", 2), ("letter", "table", 3)], 7)
    shown = texts(figure)
    assert [text[-1] for text in shown if text.startswith("token")] == [*"01", *"012"]
    assert {"+ place + “patch”", "+ place + “letter”", "one sequence: (5, 7)"} <= set(shown)
    assert "sequence of 5 tokens" in description


def test_a_dot_stands_where_a_token_may_look():
    mask = np.array([[True, False, True], [False, False, False], [True, True, True]])
    figure, description = diagrams.who_looks([("mine", ["x", "y", "z"], mask)])
    assert [bool(text) for text in texts(figure)] == mask.ravel().tolist()
    assert "x looks at x, z; y looks at nothing; z looks at x, y, z." in description


def test_arrows_are_turned_by_position_times_frequency():
    figure, description = diagrams.turned_pairs([0, 2], [0.5, 0.25])
    plt.close(figure)
    tips = [(text.xy, text.xyann) for text in figure.axes[0].texts if not text.get_text()]
    angles = [np.arctan2(tip[1] - foot[1], tip[0] - foot[0]) for tip, foot in tips]
    assert np.allclose(angles, [0, 1, 0, 0.5])
    assert "pair 0 by 0.5, pair 1 by 0.25" in description


@pytest.mark.parametrize(("heads", "groups"), [(6, 2), (4, 4), (3, 1)])
def test_heads_that_share_a_group_stand_side_by_side(heads, groups):
    figure, description = diagrams.grouped_heads(heads, groups)
    assert texts(figure).count("") == heads  # an arrow for each
    last = f"heads {heads - heads // groups} to {heads - 1}" if heads > groups else f"head {heads - 1}"
    assert f"{last} use" in description and f"group {groups - 1}." in description


def test_the_thin_matrices_count_their_weights():
    figure, description = diagrams.low_rank_update(10, 20, 3)
    shown = " ".join(texts(figure))
    assert "200 weights" in shown and "90 weights" in shown
    assert "90 weights together" in description


def test_a_pipeline_that_overlaps_ends_when_its_slowest_stage_does():
    _, description = diagrams.pipeline_timeline({"read": 1, "decode": 3, "train": 2}, items=4)
    assert "the last ends after 24 ms" in description  # 4 · (1 + 3 + 2)
    assert "the last ends after 15 ms" in description  # 1 + 4 · 3 + 2
    plt.close()


def test_a_split_by_groups_shows_each_item_with_its_group_and_its_split():
    figure, description = diagrams.split_by_groups(["gnu", "gnu", "owl"], [True, True, False])
    assert sorted(texts(figure)) == ["gnu", "gnu", "owl", "test", "test", "train"]
    assert "gnu test, gnu test, owl train" in description


def test_a_table_of_margins_shows_own_score_minus_best_other():
    similarity = np.array([[0.9, 0.2], [0.7, 0.3]])
    figure, description = diagrams.margin_table(similarity, ["owl", "key"])
    assert {"+0.7", "−0.4", "“owl”", "picture 1"} <= set(texts(figure))
    assert "picture 1: 0.7, 0.3, margin -0.4" in description


def test_the_files_of_a_report_and_the_choice_of_a_fusion_are_told_in_words():
    files = [("a.csv", ["item", "split"]), ("b.md", ["Task"])]
    figure, description = diagrams.report_files(files, ["same\nitems"])
    assert {"a.csv", "item\nsplit", "same\nitems"} <= set(texts(figure))
    assert "a.csv: item, split; b.md: Task" in description and "same items" in description
    figure, description = diagrams.choose_fusion()
    shown = texts(figure)
    assert (
        shown.count("yes") == shown.count("no") == 3
        and "cross-attention" in shown
        and "cross-attention" in description
    )


def test_nested_subsets_add_cells_to_those_of_the_row_above():
    figure, _ = diagrams.nested_subsets((1, 3))
    faces = [patch.get_facecolor()[0] for patch in figure.axes[0].patches]
    plt.close(figure)
    assert faces == [1.0, 0.85, 1.0, 1.0]


def test_the_largest_weight_becomes_127_and_the_products_come_near_the_weights():
    figure, description = diagrams.whole_number_weights((0.5, -2.0))
    plt.close(figure)
    assert {"32", "-127", "0.5039", "-2.0000"} <= set(texts(figure))
    assert "32, -127" in description


def test_thin_kernels_have_as_many_numbers_as_their_sides_say():
    figure, description = diagrams.two_thin_kernels(10, 6, 2)
    plt.close(figure)
    assert all(number in description for number in ("60 numbers", "20 numbers", "12 numbers"))
