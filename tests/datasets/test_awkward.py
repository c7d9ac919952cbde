import importlib
import io
import unicodedata
import wave

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from course_utils import CourseError
from course_utils.datasets import awkward
from course_utils.datasets.integrity import DATA
from course_utils.places import ROOT

IMAGES = [name for name, file in awkward.FILES.items() if file.kind == "image" and file.outcome == "array"]


def opened(name):
    return Image.open(awkward.path(name))


def test_the_list_names_the_files_in_the_folder():
    there = {unicodedata.normalize("NFC", path.name) for path in (DATA / "awkward").iterdir()}
    assert there - {"README.md"} == set(awkward.FILES)
    assert all(unicodedata.is_normalized("NFC", name) for name in awkward.FILES)


def test_every_file_says_what_must_come_of_it():
    for name, file in awkward.FILES.items():
        assert file.kind in ("image", "audio", "text") and file.outcome in ("array", "text", "error")
        assert (file.shape is not None) == (file.outcome == "array"), name
        assert "\n" not in str(file) and file.trap in str(file)


def test_unknown_names_are_refused():
    with pytest.raises(CourseError, match=r"'gray.png'.*grey.png"):
        awkward.path("gray.png")


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("grey.png", "L"),
        ("palette_transparent.png", "P"),
        ("rgba.png", "RGBA"),
        ("cmyk.jpg", "CMYK"),
        ("sixteen_bit.png", "I;16"),
        ("animated.gif", "P"),
    ],
)
def test_pictures_have_the_mode_that_makes_them_awkward(name, mode):
    assert opened(name).mode == mode


def test_pictures_have_their_traps():
    assert "transparency" in opened("palette_transparent.png").info
    assert np.asarray(opened("sixteen_bit.png")).max() > 50000
    assert opened("rotated.jpg").getexif()[0x0112] == 6 and opened("rotated.jpg").size == (160, 120)
    assert opened("progressive.jpg").info["progressive"]
    assert opened("animated.gif").n_frames == 3
    assert opened("wide.png").size == (4000, 2) and opened("one_pixel.png").size == (1, 1)
    assert not awkward.path("图片_café.png").name.isascii()


def test_damaged_pictures_cannot_be_opened_carelessly():
    with pytest.raises(OSError, match="truncated"):
        opened("truncated.jpg").load()
    with pytest.raises(Image.DecompressionBombError):
        opened("bomb.png")
    for name in ("empty.jpg", "text.jpg"):
        with pytest.raises(UnidentifiedImageError):
            opened(name)


def wave_header(name):
    with wave.open(str(awkward.path(name))) as file:
        return file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()


def test_sounds_have_their_traps():
    assert wave_header("stereo_44100.wav") == (2, 2, 44100, 11025)
    assert wave_header("eight_bit.wav") == (1, 1, 8000, 4000)
    assert wave_header("empty.wav")[3] == 0
    assert wave_header("truncated.wav")[3] == 4000 and awkward.path("truncated.wav").stat().st_size < 8000
    clipped = np.frombuffer(awkward.path("clipped.wav").read_bytes()[44:], dtype="<i2")
    assert np.mean(np.abs(clipped.astype(int)) >= 32767) > 0.3


def test_texts_have_their_traps():
    with pytest.raises(UnicodeDecodeError):
        awkward.path("gb18030.txt").read_bytes().decode("utf-8")
    assert "多模态" in awkward.path("gb18030.txt").read_text(encoding="gb18030")
    assert awkward.path("bom.txt").read_bytes().startswith(b"\xef\xbb\xbf")
    first, second, *_ = awkward.path("marks.txt").read_text(encoding="utf-8").splitlines()
    words = first.split()
    assert words[0] != words[-1] and unicodedata.normalize("NFC", words[0]) == words[-1]
    assert "\u200d" in second


@pytest.fixture(scope="module")
def rebuilt():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "data" / "build")
        yield importlib.import_module("build_awkward").build()


@pytest.mark.parametrize("name", [name for name in awkward.FILES if name not in (*IMAGES, "truncated.jpg")])
def test_rebuilding_gives_the_same_bytes(rebuilt, name):
    assert rebuilt[name] == awkward.path(name).read_bytes()


@pytest.mark.parametrize("name", IMAGES)
def test_rebuilding_gives_the_same_pictures(rebuilt, name):
    again, stored = Image.open(io.BytesIO(rebuilt[name])), opened(name)
    assert (again.mode, again.size, again.format) == (stored.mode, stored.size, stored.format)
    assert again.getexif() == stored.getexif()
    assert getattr(again, "n_frames", 1) == getattr(stored, "n_frames", 1)
    lossy = name.endswith((".jpg", ".gif"))  # another version of the codec may round differently
    again, stored = (np.asarray(image.convert("RGBA"), dtype=int) for image in (again, stored))
    assert np.abs(again - stored).max() <= (12 if lossy else 0)
