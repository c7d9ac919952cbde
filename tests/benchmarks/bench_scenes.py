"""How many scenes of 96 pixels a second, on one core, and how many times faster than a loop over them.

    python -m tests.benchmarks.bench_scenes

Both draw the same number of scenes with 3 to 6 objects of three styles and ask eight questions of each; the
loop does it scene by scene with Pillow and lists, as one would write it at first. It is given its sprites in
all sizes, and it writes no captions. Times are the processor's, best of several rounds. It ends with an error
below 2,000 scenes a second or three times the loop's speed.
"""

import os
import sys

# Before NumPy is imported, which reads them then: one core is what is promised.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import time  # noqa: E402

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from course_utils.datasets import emoji, scenes  # noqa: E402

SCENES, LOOP_SCENES = 4000, 400
ROUNDS = 5
MIN_PER_SECOND, MIN_RATIO = 2000, 3.0
SIZES = range(26, 33)


def sprites():
    """{(style, concept, size): (Pillow picture, box)}."""
    found = {}
    for style, pictures in emoji.load(emoji.TRAIN_STYLES).pictures.items():
        loaded = emoji.load([])
        for concept in scenes.CONCEPTS:
            for size in SIZES:
                original = Image.fromarray(pictures[loaded.index(concept)])
                sprite = original.resize((size, size), Image.Resampling.LANCZOS)
                box = sprite.getchannel("A").point(lambda alpha: 255 * (alpha >= 128)).getbbox()
                found[style, concept, size] = sprite, box
    return found


def draw_one(rng, bank):
    """A picture, its boxes, its questions and their answers."""
    corners = rng.integers(190, 256, (2, 2, 3)).astype(np.uint8)
    background = Image.fromarray(corners).resize((scenes.CANVAS, scenes.CANVAS), Image.Resampling.BILINEAR)
    canvas = background.convert("RGBA")
    count = rng.integers(3, 7)
    cells, concepts = rng.permutation(9)[:count], rng.permutation(len(scenes.CONCEPTS))[:count]
    boxes, at = [], {}
    for cell, number in zip(cells.tolist(), concepts.tolist(), strict=True):
        size = int(rng.integers(SIZES[0], SIZES[-1] + 1))
        style = emoji.TRAIN_STYLES[rng.integers(3)]
        sprite, (left, top, right, bottom) = bank[style, scenes.CONCEPTS[number], size]
        x, y = (int(rng.integers(33 - size)) + scenes.CELL * place for place in (cell % 3, cell // 3))
        canvas.alpha_composite(sprite, (x, y))
        boxes.append((x + left, y + top, right - left, bottom - top))
        at[cell] = scenes.CONCEPTS[number]
    pairs = []
    for cell, name in at.items():
        beside = {"right of": (cell + 1, cell % 3 < 2), "left of": (cell - 1, cell % 3 > 0)}
        beside |= {"below": (cell + 3, True), "above": (cell - 3, True)}
        for relation, (other, inside) in beside.items():
            if inside and other in at:
                pairs.append((f"what is {relation} the {name}", at[other]))
    order = list(at.items())
    questions = []
    for cell, name in (order[i] for i in rng.permutation(count)[:2]):
        questions.append((f"what is at the {scenes.POSITIONS[cell]}", name))
    for cell, name in (order[i] for i in rng.permutation(count)[:2]):
        questions.append((f"where is the {name}", scenes.POSITIONS[cell]))
    for i in range(4):
        questions.append(pairs[rng.integers(len(pairs))] if pairs else questions[i % 2])
    return np.array(canvas.convert("RGB")), boxes, questions


def loop(bank):
    """Scenes one by one."""
    rng = np.random.default_rng(0)
    return [draw_one(rng, bank) for _ in range(LOOP_SCENES)]


def seconds(function):
    """Of processor time."""
    start = time.process_time()
    function()
    return time.process_time() - start


def main():
    bank = sprites()
    first = time.perf_counter()
    scenes.generate(1, seed=0)
    first = time.perf_counter() - first
    ours, naive = [], []
    for seed in range(ROUNDS):
        ours.append(SCENES / seconds(lambda seed=seed: scenes.generate(SCENES, seed=seed)))
        naive.append(LOOP_SCENES / seconds(lambda: loop(bank)))
    ratio = max(ours) / max(naive)
    print(f"ours  {max(ours):7,.0f} scenes/s (slowest round {min(ours):,.0f}), with captions")
    print(f"loop  {max(naive):7,.0f} scenes/s (slowest round {min(naive):,.0f}), without captions")
    print(f"ratio {ratio:7.1f}")
    print(f"reading three styles once, before the first scene: {first:.1f} s")
    return 0 if max(ours) >= MIN_PER_SECOND and ratio >= MIN_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
