"""Figures with descriptions, sound with transcripts, and nothing drawn that cannot be read."""

import base64
import io
import re
import wave

import ipywidgets
import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib import pyplot as plt
from PIL import Image

from course_utils import CourseError, plotting

pytestmark = pytest.mark.filterwarnings("error")  # in a lesson they would stand under the figure


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed, as (data, metadata)."""
    outputs = []

    def display(data, metadata=None, raw=False, display_id=None):
        assert raw
        outputs.append((data, metadata))
        return Handle(len(outputs) - 1)

    class Handle(int):
        def update(self, data, metadata, raw):
            assert raw
            outputs[self] = (data, metadata)

    monkeypatch.setattr("IPython.display.display", display)
    return outputs


def picture_of(data):
    return Image.open(io.BytesIO(base64.b64decode(data["image/png"])))


def pixels_of(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=plotting.DPI)
    return np.asarray(Image.open(buffer).convert("RGB"))


def line():
    figure, axes = plt.subplots()
    axes.plot([0, 1, 4])
    return figure


def test_show_gives_alt_text_and_the_same_sentence_as_caption(shown):
    plotting.show(line(), "A curve that  rises,\n at <2> & more.")
    (data, metadata), (caption, _) = shown
    sentence = "A curve that rises, at <2> & more."
    assert metadata == {"image/png": {"alt": sentence}}
    assert data["text/plain"] == f"Figure: {sentence}"
    assert caption["text/plain"] == sentence
    assert "A curve that rises, at &lt;2&gt; &amp; more." in caption["text/html"]


def test_show_closes_the_figure_so_that_it_is_not_shown_twice(shown):
    figure = line()
    plotting.show(figure, "A curve.")
    assert not plt.fignum_exists(figure.number)


def test_show_is_deterministic_small_and_800_pixels_wide(shown):
    for _ in range(2):
        plotting.show(line(), "A curve.")
    first, second = shown[0][0], shown[2][0]
    assert first == second
    assert picture_of(first).size == (800, 400)
    assert len(first["image/png"]) < 30_000


@pytest.mark.slow
def test_a_palette_is_used_only_where_no_eye_sees_it(shown):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    for figure in (line(), plotting.grid([noise], scale=1)):
        exact = pixels_of(figure).astype(int)
        plotting.show(figure, "A figure.")
        change = abs(np.asarray(picture_of(shown[-2][0]).convert("RGB")) - exact)
        assert change.max() <= 12
        assert (change[0, 0] == 0).all()  # paper stays white
    assert picture_of(shown[0][0]).mode == "P"
    assert picture_of(shown[2][0]).mode == "RGB"


@pytest.mark.parametrize("description", ["", "  \n", None])
def test_show_refuses_to_go_without_description(shown, description):
    with pytest.raises(CourseError, match="needs a description"):
        plotting.show(line(), description)
    assert not shown


def test_show_refuses_what_is_no_figure(shown):
    with pytest.raises(CourseError, match="given a ndarray, expected a matplotlib Figure"):
        plotting.show(np.zeros(3), "An array.")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("多模态", "Chinese text cannot be drawn in figures, for want of a font; print it"),
        ("size：2", "Chinese text cannot be drawn"),
        ("かな", "Chinese text cannot be drawn"),
        ("a dog 🐕", "Emoji cannot be drawn"),
        ("नमस्ते", "DEVANAGARI LETTER NA is not in matplotlib's font"),
    ],
)
@pytest.mark.parametrize("place", ["set_title", "set_xlabel", "legend", "ticks"])
def test_show_refuses_text_that_would_come_out_as_boxes(shown, monkeypatch, text, remedy, place):
    monkeypatch.setitem(matplotlib.rcParams, "font.family", ["DejaVu Sans"])  # as without a Chinese font
    figure, axes = plt.subplots()
    axes.plot([1, 2], label="a")
    if place == "legend":
        axes.legend([text])
    elif place == "ticks":
        axes.set_xticks([0, 1], ["a", text])
    else:
        getattr(axes, place)(text)
    with pytest.raises(CourseError, match=remedy):
        plotting.show(figure, "A figure.")
    assert not shown
    plt.close(figure)


def test_a_chinese_font_is_the_first_of_the_list_that_matplotlib_knows(monkeypatch):
    known = ["DejaVu Sans", "SimHei", "WenQuanYi Zen Hei"]
    monkeypatch.setattr(font_manager, "get_font_names", lambda: known)
    assert plotting.chinese_font() == "WenQuanYi Zen Hei"
    monkeypatch.setattr(font_manager, "get_font_names", lambda: ["DejaVu Sans"])
    assert plotting.chinese_font() is None


@pytest.mark.skipif(plotting.chinese_font() is None, reason="no Chinese font on this machine")
def test_chinese_is_drawn_where_there_is_a_font_for_it(shown, recwarn):
    figure, axes = plt.subplots()
    axes.set_title("多模态 multimodal")
    plotting.show(figure, "A figure with a Chinese title.")
    assert not [warning for warning in recwarn if "missing from" in str(warning.message)]
    with pytest.raises(CourseError, match="Emoji cannot be drawn"):
        axes.set_title("狗 🐕")
        plotting.show(figure, "A figure.")


def test_letters_and_mathematics_that_the_font_has_are_drawn(shown):
    figure, axes = plt.subplots()
    axes.set(title="naïve café → α² × 10⁻³\nsecond line", xlabel=r"$\sqrt{d}$")
    plotting.show(figure, "No curve at all.")
    assert shown


def test_turning_a_knob_draws_the_figure_anew_in_its_place(shown, monkeypatch):
    sliders = []

    class Slider(ipywidgets.SelectionSlider):
        def __init__(self, **options):
            super().__init__(**options)
            sliders.append(self)

    def draw(slope, offset):
        figure, axes = plt.subplots()
        axes.plot([offset, offset + slope])
        return figure, f"A line of slope {slope} from {offset}."

    monkeypatch.setattr(ipywidgets, "SelectionSlider", Slider)
    open_before = plt.get_fignums()
    plotting.turn(draw, slope=[1, 2, 3], offset=(0.5, 7))
    assert [caption["text/plain"] for caption, _ in shown[1:]] == [
        "A line of slope 2 from 7.",
        "Sliders: slope, offset",
    ]
    before = shown[0][0]["image/png"]
    sliders[0].value = 3
    assert len(shown) == 3
    assert shown[0][1] == {"image/png": {"alt": "A line of slope 3 from 7."}}
    assert shown[1][0]["text/plain"] == "A line of slope 3 from 7."
    assert shown[0][0]["image/png"] != before
    assert plt.get_fignums() == open_before


def test_what_is_typed_into_the_box_is_drawn(shown, monkeypatch):
    boxes = []

    class Box(ipywidgets.Text):
        def __init__(self, **options):
            super().__init__(**options)
            boxes.append(self)

    monkeypatch.setattr(ipywidgets, "Text", Box)
    plotting.ask(lambda query: (line(), f"Asked for {query}."), "cat")
    assert [data["text/plain"] for data, _ in shown[::2]] == ["Box: cat", "Asked for cat."]
    boxes[0].value = "水果"
    assert len(shown) == 3
    assert shown[2][0]["text/plain"] == "Asked for 水果."
    boxes[0].value = "  "
    assert shown[2][0]["text/plain"] == "The box is empty: type a text and press Enter."


@pytest.mark.parametrize("knobs", [{}, {"size": []}])
def test_turning_explains_that_it_needs_knobs(knobs):
    with pytest.raises(CourseError, match=r"expected knobs with values, `turn\(draw"):
        plotting.turn(lambda **_: (line(), "A curve."), **knobs)


def test_curves_differ_by_more_than_colour():
    figure, axes = plt.subplots()
    curves = [axes.plot([0, 1])[0] for _ in plotting.COLOURS]
    assert len({curve.get_linestyle() + str(curve._dash_pattern) for curve in curves}) == len(curves)
    plt.close(figure)


def test_grid_enlarges_pixels_exactly():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    drawn = pixels_of(plotting.grid([pixels, pixels], scale=7))
    enlarged = pixels.repeat(7, axis=0).repeat(7, axis=1)
    assert (drawn[10:52, 10:45] == enlarged).all()
    assert (drawn[10:52, 55:90] == enlarged).all()


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.full((4, 4), 0.5), (128, 128, 128)),
        (np.full((4, 4, 1), 7, np.uint8), (7, 7, 7)),
        (np.full((4, 4), True), (255, 255, 255)),
        (np.full((4, 4, 3), 1.0, np.float32), (255, 255, 255)),
        (np.full((4, 4, 4), (9, 8, 7, 255), np.uint8), (9, 8, 7)),
        (np.full((4, 4, 4), (9, 8, 7, 0), np.uint8), (240, 240, 240)),
    ],
)
def test_grid_takes_every_kind_of_picture(image, expected):
    assert tuple(pixels_of(plotting.grid([image], scale=4))[12, 12]) == expected


def test_grid_shows_transparency_as_a_checkerboard():
    clear = np.zeros((24, 24, 4), np.uint8)
    assert len(np.unique(pixels_of(plotting.grid([clear], scale=1))[10:34, 10:34])) == 2


def test_grid_breaks_into_rows_and_keeps_to_the_page():
    pictures = [np.zeros((64, 64), np.uint8)] * 12
    figure = plotting.grid(pictures, [f"picture {n}" for n in range(12)], columns=4)
    width = pixels_of(figure).shape[1]
    assert len(figure.axes) == 12
    assert 600 < width <= 820
    assert [axes.get_title() for axes in figure.axes][-1] == "picture 11"
    assert figure.axes[4].get_position().y1 < figure.axes[0].get_position().y0


def test_grid_reduces_pictures_that_are_too_wide_with_smoothing():
    stripes = np.zeros((100, 4000), np.uint8)
    stripes[:, ::2] = 255
    drawn = pixels_of(plotting.grid([stripes]))
    assert drawn.shape[1] <= 820
    assert abs(drawn[20, 100:700].mean() - 127) < 10
    assert drawn[20, 100:700].std() < 30  # taking every nth column would give black, white or moiré


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"images": []}, "no pictures"),
        ({"images": [np.zeros((2, 2))], "titles": ["a", "b"]}, "2 titles for 1 pictures"),
        ({"images": [np.zeros((2, 2))], "columns": 0}, "columns is 0"),
        ({"images": [np.zeros((2, 2))], "scale": 0.5}, "scale is 0.5"),
        ({"images": [np.zeros((2, 2, 2))]}, r"picture 0 has shape \(2, 2, 2\)"),
        ({"images": [np.zeros((0, 2, 3))]}, r"picture 0 has shape \(0, 2, 3\)"),
        ({"images": np.zeros((1, 1, 2, 2, 3))}, "grid\\(list\\(batch\\)\\)"),
        ({"images": [np.full((2, 2), 1.5)]}, "values from 1.5 to 1.5; expected 0 to 1"),
        (
            {"images": [np.zeros((2, 2)), np.full((2, 2), np.nan)]},
            "picture 1 is float64 with values from nan",
        ),
        ({"images": [np.zeros((2, 2), int)]}, "picture 0 has dtype int64"),
    ],
)
def test_grid_explains_what_it_cannot_show(arguments, complaint):
    with pytest.raises(CourseError, match=complaint):
        plotting.grid(**arguments)


def test_spectrogram_puts_time_right_and_frequency_up():
    values = np.zeros((50, 20))
    values[40:, 15:] = 1  # late and high
    figure = plotting.spectrogram(
        values, hop_seconds=0.01, frequencies=np.linspace(0, 4000, 20), title="late"
    )
    axes = figure.axes[0]
    image = axes.images[0]
    assert image.get_array()[15:, 40:].min() == 1
    assert image.origin == "lower"
    assert tuple(image.get_extent()[:2]) == (0, 0.5)
    assert axes.get_yticklabels()[-1].get_text() == "4000"
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("time (s)", "frequency (Hz)", "late")
    assert plotting.spectrogram(values, hop_seconds=0.01).axes[0].get_ylabel() == "bin"


@pytest.mark.parametrize(
    ("values", "options", "complaint"),
    [
        (np.zeros(3), {}, r"shape \(3,\)"),
        (np.zeros((0, 3)), {}, r"shape \(0, 3\)"),
        (np.zeros((2, 3), complex), {}, "np.abs"),
        (np.full((2, 3), -np.inf), {}, "np.log"),
        (np.zeros((2, 3)), {"hop_seconds": 0}, "hop_seconds is 0"),
        (np.zeros((2, 3)), {"frequencies": [1, 2]}, "2 entries for 3 bins"),
    ],
)
def test_spectrogram_explains_what_it_cannot_draw(values, options, complaint):
    with pytest.raises(CourseError, match=complaint):
        plotting.spectrogram(values, **{"hop_seconds": 0.01, **options})


def heard(shown):
    """Return rate and int16 samples of the player that was shown last."""
    source = re.search(r'src="data:audio/wav;base64,([^"]+)"', shown[-1][0]["text/html"]).group(1)
    with wave.open(io.BytesIO(base64.b64decode(source))) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_play_carries_the_sound_and_its_transcript(shown):
    plotting.play(np.array([0, 0.5, -1, 1.05], np.float32), 8000, 'the number "six" & 六')
    data = shown[0][0]
    assert 'aria-label="Recording: the number &quot;six&quot; &amp; 六"' in data["text/html"]
    assert '<figcaption><em>Transcript: the number "six" &amp; 六</em></figcaption>' in data["text/html"]
    assert data["text/plain"].endswith(
        'Recording of 0.00 s at 8000 samples per second. Transcript: the number "six" & 六'
    )
    rate, samples = heard(shown)
    assert rate == 8000
    assert samples.tolist() == [0, 16384, -32767, 32767]


def test_play_takes_int16_as_it_is(shown):
    samples = np.array([-32768, 5, 32767], np.int16)
    plotting.play(samples, np.int64(16000), "a click")
    assert heard(shown)[1].tolist() == samples.tolist()


@pytest.mark.parametrize(
    ("samples", "rate", "transcript", "complaint"),
    [
        (np.zeros(0), 8000, "a", r"shape \(0,\)"),
        (np.zeros((9, 2)), 8000, "a", "stereo"),
        (np.full(9, np.nan), 8000, "a", "not finite"),
        (np.full(9, -1.2), 8000, "a", "reaches 1.2"),
        (np.zeros(9, int), 8000, "a", "dtype int64"),
        (np.zeros(9), 1000, "a", "rate is 1000"),
        (np.zeros(9), 8000.5, "a", "rate is 8000.5"),
        (np.zeros(9), 8000, " ", "needs a transcript"),
    ],
)
def test_play_explains_what_it_cannot_play(shown, samples, rate, transcript, complaint):
    with pytest.raises(CourseError, match=complaint):
        plotting.play(samples, rate, transcript)
    assert not shown
