#!/usr/bin/env python3
"""Makes the picture of the whole course: course.pdf to print, course.png, and the copy in lesson 00.

    .venv/bin/python .ci/course_picture.py

Run it after a change of `course_utils/diagrams/course.py` or of a lesson's name. What is shown is computed
from the course's data and checkpoints, in about 20 seconds.
"""

import base64
import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import matplotlib  # noqa: E402
import nbformat  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from PIL import Image  # noqa: E402

from course_utils import diagrams, runtime  # noqa: E402  (the repository is not installed where this runs)
from course_utils.datasets import emoji, photographs, scenes, speech  # noqa: E402
from course_utils.experiments import captioning, fusion, recognition, results  # noqa: E402
from course_utils.files import write_atomically  # noqa: E402

FOLDER, LESSON, CELL = ROOT / ".github", ROOT / "notebooks" / "00_orientation.ipynb", "course-picture"
PIXELS, COLOURS = 1600, 128  # the PNG's width, sharp where a page shows it at 800, and its palette
SILENCE = 800  # samples before and after a word, as the recogniser was trained with some
THINGS = (
    *(("cat", "top left"), ("rocket", "top right"), ("pizza", "middle centre")),
    *(("key", "bottom left"), ("penguin", "bottom right")),
)
ATTENDING = ("key", "pizza", "rocket")  # words whose attention is shown
SEED = 33  # of the scene
CONCEPTS = (50, 100, 200, 400, 800, 1571)  # of the recorded experiment "scarce"


def gather() -> diagrams.ShownInCourse:
    """Computes what the picture shows."""
    world = emoji.load(("noto", emoji.TEST_STYLE))
    unseen = world.pictures[emoji.TEST_STYLE]
    clip = speech.load("train").select(kind="name", transcript="guitar").clips[0]
    padded = np.pad(clip, SILENCE)
    some = photographs.load()
    guitar = world.pictures["noto"][world.index("guitar")]
    scene, caption, weights = write_about_a_scene()
    return diagrams.ShownInCourse(
        guitar=guitar,
        clip=clip,
        log_mel=recognition.features_of(padded),
        heard=hear(padded),
        maps=feature_maps(guitar),
        scene=scene,
        caption=caption,
        weights=weights,
        query="rocket",
        found=[unseen[row] for row in find(unseen, world.index("rocket"))],
        senses=[unseen[world.index(name)] for name in ("bat", "cricket game")],
        labels=np.array(CONCEPTS),
        pretrained=accuracies("frozen encoder"),
        scratch=accuracies("from scratch"),
        photograph=some.select([some.files.index("space/spacewalk.png")]).on_squares(128)[0],
    )


def hear(clip: np.ndarray) -> list[tuple[str, float]]:
    """The letters that the recogniser reads, each with the middle of its frames, 0 to 1 along the clip."""
    (table,) = recognition.log_probabilities(recognition.load_recogniser("words"), [clip])
    path, found = table.argmax(axis=1), []
    for run in np.split(np.arange(len(path)), np.flatnonzero(np.diff(path)) + 1):
        if path[run[0]] != recognition.BLANK:
            found.append((recognition.text_of([path[run[0]]]), (run.mean() + 0.5) / len(path)))
    return found


def feature_maps(picture: np.ndarray) -> list[np.ndarray]:
    """The liveliest map of three stages of the image encoder."""
    import keras

    from course_utils.features import pretrained

    encoder = pretrained.load_image_encoder()
    stages = [layer.output for layer in encoder.layers if isinstance(layer, keras.layers.ReLU)]
    given = emoji.on_background(emoji.resized(picture[np.newaxis], 48))
    maps = [np.asarray(array)[0] for array in keras.Model(encoder.input, stages[::2])(given)]
    return [array[..., array.std(axis=(0, 1)).argmax()] for array in maps]


def write_about_a_scene() -> tuple[np.ndarray, str, dict[str, np.ndarray]]:
    """A scene, its caption, and where the captioner's last block looks as it writes some of the words."""
    import keras

    captioner = captioning.load_captioner()
    scene = scenes.compose(THINGS, style="noto", background="plain", seed=SEED)
    regions = fusion.regions_of(scene.pictures)
    (caption,) = captioning.write(captioner, regions)
    tokens = captioning.tokens_of([caption])
    memory = keras.Model(captioner.inputs[1], captioner.get_layer("memory").output)(regions)
    _, weights = captioner.get_layer("decoder")(captioning.shifted(tokens), memory, return_scores=True)
    looks = np.asarray(weights)[0, -1].mean(axis=0)
    return scene.pictures[0], caption, {word: looks[caption.split().index(word)] for word in ATTENDING}


def find(pictures: np.ndarray, concept: int) -> np.ndarray:
    """Rows of the four pictures that the classifier holds most for a concept."""
    from course_utils.features import pretrained

    given = emoji.on_background(emoji.resized(pictures, 48))
    logits = pretrained.load_image_classifier().predict(given, batch_size=256, verbose=0)
    return np.argsort(-logits[:, concept])[:4]


def accuracies(way: str) -> np.ndarray:
    """Recorded accuracy in the unseen style for each number of concepts, NaN where none was recorded."""
    recorded = results.load("scarce")
    rows = {f"{number:,} concepts, {way}" for number in CONCEPTS} & set(recorded.rows)
    names = [f"{number:,} concepts, {way}" for number in CONCEPTS]
    return np.array(
        [recorded.row(name)["unseen style accuracy"].mean if name in rows else np.nan for name in names]
    )


def png(figure: Figure) -> bytes:
    """Renders large and scales down, so that pictures in the picture are smooth."""
    large, small = io.BytesIO(), io.BytesIO()
    figure.savefig(large, dpi=300, format="png")
    image = Image.open(large).convert("RGB")
    image = image.resize((PIXELS, round(PIXELS * image.height / image.width)), Image.Resampling.LANCZOS)
    image = image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    image.save(small, "png", optimize=True)
    return small.getvalue()


def pdf(figure: Figure) -> bytes:
    """Draws with lines and letters for printing; without a date, so that another run gives the same bytes."""
    drawn, about = io.BytesIO(), {"Title": "Multimodal models, hands on", "CreationDate": None}
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        figure.savefig(drawn, format="pdf", metadata=about)
    return drawn.getvalue()


def main() -> None:
    """Draws once, writes all three."""
    runtime.start()
    figure = diagrams.whole_course(gather())
    write_atomically(FOLDER / "course.pdf", pdf(figure))
    picture = png(figure)
    write_atomically(FOLDER / "course.png", picture)
    lesson = nbformat.read(LESSON, as_version=4)
    cell = next(cell for cell in lesson.cells if cell.id == CELL)
    cell.attachments = {"course.png": {"image/png": base64.b64encode(picture).decode("ascii")}}
    write_atomically(LESSON, nbformat.writes(lesson) + "\n")


if __name__ == "__main__":
    main()
