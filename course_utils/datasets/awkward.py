"""Awkward files: small pictures, sounds and texts with one trap each (``data/awkward``)."""

from dataclasses import dataclass
from pathlib import Path

from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError


@dataclass(frozen=True)
class AwkwardFile:
    """What is awkward about a file, and what must come of reading it. Introduced in lesson 01.

    Attributes:
        kind: "image", "audio" or "text".
        trap: one sentence, str.
        outcome: "array" (image, audio), "text", or "error" for a file that only a CourseError answers.
        shape: of the array: (height, width, 3) for an image, (samples,) for mono sound; None otherwise.
    """

    kind: str
    trap: str
    outcome: str
    shape: tuple | None = None

    def __str__(self) -> str:
        result = f"array of shape {self.shape}" if self.shape else self.outcome
        return f"{self.trap} → {result}"


def _image(trap: str, *shape: int) -> AwkwardFile:
    return AwkwardFile("image", trap, "array", (*shape, 3))


def _error(kind: str, trap: str) -> AwkwardFile:
    return AwkwardFile(kind, trap, "error")


FILES = {
    "grey.png": _image("one channel, no colour axis", 120, 160),
    "palette_transparent.png": _image(
        "indices into a palette, one of them transparent (and magenta)", 120, 160
    ),
    "rgba.png": _image("a fourth channel, alpha, over black that nobody should see", 120, 160),
    "cmyk.jpg": _image("four channels of ink: cyan, magenta, yellow, black", 120, 160),
    "sixteen_bit.png": _image("grey levels up to 65,535", 120, 160),
    "rotated.jpg": _image("stored on its side; an EXIF note says which way is up", 160, 120),
    "progressive.jpg": _image("a progressive JPEG, refined scan by scan", 120, 160),
    "animated.gif": _image("three frames with a palette; the first one counts", 120, 160),
    "one_pixel.png": _image("one single pixel", 1, 1),
    "wide.png": _image("4,000 × 2: scaled by its shorter side it would fill the memory", 2, 4000),
    "图片_café.png": _image("a file name beyond ASCII", 120, 160),
    "truncated.jpg": _error("image", "a JPEG whose second half is missing"),
    "empty.jpg": _error("image", "no bytes at all"),
    "text.jpg": _error("image", "a shopping list called .jpg"),
    "bomb.png": _error("image", "254 bytes that claim 60,000 × 60,000 pixels: a decompression bomb"),
    "stereo_44100.wav": AwkwardFile("audio", "two channels at 44,100 Hz", "array", (11025,)),
    "eight_bit.wav": AwkwardFile("audio", "8-bit samples, which WAV stores without sign", "array", (4000,)),
    "truncated.wav": _error("audio", "half of the samples that the header promises"),
    "clipped.wav": _error("audio", "recorded too loud: the tops of the waves are cut off"),
    "empty.wav": _error("audio", "a header and no samples"),
    "gb18030.txt": _error("text", "Chinese in GB18030, which is no UTF-8"),
    "bom.txt": AwkwardFile("text", "UTF-8 with a byte-order mark before the first word", "text"),
    "marks.txt": AwkwardFile(
        "text", "combining marks and emoji of several code points: é twice, spelt differently", "text"
    ),
}


def path(name: str) -> Path:
    """Gives the path of an awkward file, verified against the manifest.

    Introduced in lesson 01.

    Args:
        name: one of FILES, str.

    Returns:
        pathlib.Path.

    Raises:
        CourseError: there is no such file in FILES, or it is missing, or not damaged as it should be.
    """
    if name not in FILES:
        raise CourseError(f"no awkward file is called {name!r}; there are: {', '.join(FILES)}.")
    return data_path(f"awkward/{name}")
