"""Every awkward file of the course gives the array or text it should, or one clear CourseError."""

import pytest

from course_utils import CourseError
from course_utils.datasets import awkward
from course_utils.preprocessing import audio, images, text

READERS = {
    "image": images.load_image,
    "audio": lambda path: audio.read_audio(path)[0],
    "text": text.read_text,
}


@pytest.mark.parametrize("name", awkward.FILES)
def test_each_file_gives_what_its_card_says(name):
    file = awkward.FILES[name]
    path = awkward.path(name)
    if file.outcome == "error":
        with pytest.raises(CourseError) as caught:
            READERS[file.kind](path)
        message = str(caught.value)
        assert message.startswith(str(path))
        assert "\n" not in message
        assert len(message) < len(str(path)) + 400
        return
    result = READERS[file.kind](path)
    if file.outcome == "text":
        assert result.strip()
        assert not result.startswith("\ufeff")
    else:
        assert result.shape == file.shape


@pytest.mark.parametrize(
    "name", [n for n, f in awkward.FILES.items() if (f.kind, f.outcome) == ("image", "array")]
)
@pytest.mark.parametrize("fit", images.FITS)
def test_each_picture_becomes_a_square(name, fit):
    assert images.preprocess_image(awkward.path(name), 64, fit).shape == (64, 64, 3)
