"""A Chinese lesson is told in Chinese what went wrong and what a figure shows, and nothing fails for it."""

import builtins
import subprocess
import sys

import numpy as np
import pytest

from course_utils import arguments, files, plotting, words
from course_utils.datasets import emoji, parallel, scenes
from course_utils.errors import CourseError
from course_utils.evaluation import retrieval, scores
from course_utils.experiments import results
from course_utils.features import cnn, imagenet
from course_utils.generation import ctc
from course_utils.language_model import smollm2
from course_utils.lessons import messages
from course_utils.places import ROOT
from course_utils.preprocessing import images
from course_utils.scale import cluster, extras
from course_utils.training import repeat

RAISED = [
    (lambda: plotting.grid([]), "没有给 grid() 图片"),
    (lambda: plotting.grid([np.zeros((4, 4, 7))]), "图片 0 的形状是 (4, 4, 7)；应为 (height, width)"),
    (lambda: plotting.show(3, "x"), "给 show() 的是 int，应为 matplotlib 的 Figure"),
    (lambda: plotting.show(plotting.Figure(), " "), "show() 要有图的描述：用一句话说明图上有什么。"),
    (lambda: plotting.play(np.zeros(3), 8_000, ""), "play() 要有文字稿"),
    (lambda: plotting.play(np.zeros((3, 2)), 8_000, "x"), "samples 的形状是 (3, 2)；应为非空的"),
    (lambda: plotting.turn(print), "应给带有取值的旋钮"),
    (lambda: emoji.load().index("cat fase"), "没有叫 'cat fase' 的 emoji。相近的有：cat face"),
    (lambda: emoji.load().select([900_000]), "rows 不适合"),
    (lambda: parallel.generate(10**9, seed=0), "n 是 1,000,000,000：最多"),
    (lambda: scenes.compose(["cat"]), "objects 有 1 对（概念，格子）：应为 2 到 6 对。"),
    (lambda: cnn.output_length(2, 3), "卷积核跨越 3 项（kernel=3，dilation=1），而这个轴只有 2 项"),
    (lambda: imagenet.vgg16(download=False), "没有使用 VGG16 的 ImageNet 权重：download=False。"),
    (lambda: scores.confusion_matrix([1, 2], [1], 3), "标签的形状是 (2,)，答案的形状是 (1,)"),
    (lambda: retrieval.ranks(np.zeros((2, 3))), "scores 的形状是 (2, 3)，而 right 是 None；应为方表"),
    (lambda: ctc.pad_labels([]), "sequences 是空的"),
    (lambda: repeat(dict, [1]), "种子是 (1,)；应至少有两个不同的"),
    (lambda: cluster.where("tcp://here"), "cluster 是 'tcp://here'：应为 local:2"),
    (lambda: results.load("fusion").row("no such"), "没有 'no such' 这一行"),
    (lambda: images.preprocess_image("no_such.jpg", 8), "没有这个文件"),
    (lambda: arguments.choice("fit", "拉伸", images.FITS), "fit 是 '拉伸'：应为以下之一："),
    (lambda: arguments.whole_number("size", 0), "size 是 0："),
    (lambda: files.require_file(ROOT), "这是文件夹"),
]


@pytest.fixture
def chinese(tmp_path, monkeypatch):
    """A folder of Chinese lessons, in which the kernel runs."""
    (tmp_path / "zh").mkdir()
    monkeypatch.chdir(tmp_path / "zh")
    return tmp_path


@pytest.mark.parametrize(("cause", "said"), RAISED, ids=range(len(RAISED)))
def test_an_error_that_ends_a_cell_is_in_the_language_of_the_lesson(cause, said, chinese, monkeypatch):
    with pytest.raises(CourseError) as caught:
        cause()
    (line,) = caught.value._render_traceback_()
    assert line.startswith("CourseError: ") and said in line
    monkeypatch.chdir(chinese)
    assert caught.value._render_traceback_() == [f"CourseError: {caught.value}"]
    assert said not in str(caught.value)  # what a program reads of it is the same everywhere


def test_what_nobody_has_translated_stays_as_it_is(chinese):
    assert CourseError("Nobody knows this.")._render_traceback_() == ["CourseError: Nobody knows this."]


def test_an_error_is_told_without_catalogues_and_without_what_reads_them(chinese, monkeypatch):
    english = "ids has 2 texts, expected 3."
    monkeypatch.setattr(messages, "folder_of", chinese.joinpath)
    messages._phrasebook.cache_clear()
    assert CourseError(english)._render_traceback_() == [f"CourseError: {english}"]
    messages._phrasebook.cache_clear()
    usual = builtins.__import__

    def lacking(name, *arguments, **keywords):
        if name.startswith("babel"):
            raise ImportError(name)
        return usual(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", lacking)
    for name in [name for name in sys.modules if name.startswith(("babel", "course_utils.lessons"))]:
        monkeypatch.delitem(sys.modules, name)
    assert CourseError(english)._render_traceback_() == [f"CourseError: {english}"]


def test_english_reads_no_catalogue():
    code = (
        "from course_utils import CourseError; import sys; CourseError('x is 1.')._render_traceback_();"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not [name for name in run.stdout.split() if name.startswith(("babel", "course_utils.lessons"))]


def test_what_is_printed_is_in_the_language_of_the_lesson(chinese, monkeypatch, capsys):
    monkeypatch.setattr(smollm2, "fetched", lambda: False)
    monkeypatch.setattr(extras.Extra, "installed", lambda self: False)
    assert not smollm2.here() and not extras.scale.here()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("这里没有 SmolLM2：`python3 -m course_utils fetch smollm2`")
    assert second.startswith("这里没有安装 Dask。`python3 -m course_utils install --with scale`")
    monkeypatch.chdir(chinese)
    words.tell(smollm2.ABSENT)
    assert capsys.readouterr().out == f"{smollm2.ABSENT}\n"


def test_a_recording_has_its_transcript_under_a_chinese_word(chinese, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    plotting.play(np.zeros(8), 8_000, "three, babble at 5 dB")
    assert 'aria-label="录音：three，人声噪声 5 dB"' in shown[0]["text/html"]
    assert "<figcaption><em>文字稿：three，人声噪声 5 dB</em></figcaption>" in shown[0]["text/html"]
    assert shown[0]["text/plain"].endswith("文字稿：three，人声噪声 5 dB")


def alt_text(description):
    (_, metadata), (data, _) = plotting._outputs(plotting.Figure(figsize=(1, 1)), description)
    assert data["text/plain"] == metadata["image/png"]["alt"]
    return data["text/plain"]


def test_a_figure_is_described_in_the_language_of_the_lesson(chinese, monkeypatch):
    english = plotting._nothing()[1]
    assert alt_text(english) == "框是空的：输入一段文字，再按回车。"
    assert alt_text("我的图：3 cats, 2 dogs。") == "我的图：3 cats, 2 dogs。"
    monkeypatch.chdir(chinese)
    assert alt_text(english) == english
