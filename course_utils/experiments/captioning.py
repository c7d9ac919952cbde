"""Recorded experiment: a decoder writes what is in a scene, and where. Shown in lesson 07.

    python3 -m course_utils experiment captioning

- **full caption**: every thing with its place, in reading order. Two pairs of things never stand together in
  a training scene, so that the same model is scored on ordinary scenes, on scenes in an art style that it
  never saw, on scenes that hold such a pair, and on scenes with more things than it ever saw.
- **always together**, **cured**: short captions, without places. Three quarters of the training scenes hold
  neither of two things. In the others the second always comes right after the first; or, cured, there are
  one or both of them as chance has it. Scored on scenes that hold one of the two.
- **questions**: "what is at the top left", one word as the answer, by the same network. In the unbalanced
  training set one answer to each question is nearly always right. ``text alone`` never sees a picture: it
  gives the commonest answer to the question, and nothing that knows the question only can do better.

Settings were chosen on the validation scenes of `fusion`; nothing was chosen on the test scenes, which are
drawn for this experiment alone.
"""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_utils.datasets import emoji, scenes
from course_utils.datasets.integrity import data_path
from course_utils.evaluation import sequences
from course_utils.experiments import fusion, results
from course_utils.places import DATA
from course_utils.training import load_weights, save_weights

if TYPE_CHECKING:
    import keras

CONFIGURATION = {
    "dim": 64,
    "heads": 4,
    "blocks": 2,
    "noise": 0.3,
    "empty cells hidden": 0.5,
    "deviation of positions": 0.5,
    "batch size": 60,
    "weight decay": 0.1,
    "full caption": {"epochs": 10, "learning rate": 0.004},
    "short caption": {"epochs": 8, "learning rate": 0.004},
    "questions": {"epochs": 8, "learning rate": 0.004},
    "never together": [["owl", "banana"], ["frog", "rocket"]],
    "always together": ["cat", "key"],
    "share of the favourite": 0.9,
    "scenes": {
        "test": 300,
        "test in the unseen style": 300,
        "never together": 200,
        "seven to nine things": 200,
    },
}
FULL, SHORT, TOGETHER, CURED = "full caption", "short caption", "always together", "cured"
TEXT, BALANCED, UNBALANCED = (f"questions: {how}" for how in ("text alone", "balanced", "unbalanced"))
UNSEEN, NEVER, MANY = "test in the unseen style", "never together", "seven to nine things"
ROWS = (FULL, TOGETHER, CURED, TEXT, BALANCED, UNBALANCED)
SEEDS = 3
_SEEDS = {"test": 61, UNSEEN: 62, NEVER: 63, MANY: 64}
CHECKPOINT = "checkpoints/captioner.npz"

LONGEST = 7 * len(scenes.POSITIONS) + 1
"""Tokens of the longest caption: seven words for each of nine things, and the end."""


# --- sentences and numbers ----------------------------------------------------------------------------------


@functools.cache
def vocabulary() -> tuple[str, ...]:
    """Gives the words by number: those of the scenes, of which 0 is padding, then "<start>" and "<end>"."""
    return (*scenes.generate(1, seed=0).vocabulary, "<start>", "<end>")


def tokens_of(captions: Sequence[str]) -> np.ndarray:
    """Turns captions into numbers, each with "<end>" after its last word.

    Args:
        captions: n str, of words of the vocabulary.

    Returns:
        int32 (n, longest), 0 after the end.
    """
    number = {word: i for i, word in enumerate(vocabulary())}
    rows = [[number[word] for word in (*caption.split(), "<end>")] for caption in captions]
    tokens = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for place, row in zip(tokens, rows, strict=True):
        place[: len(row)] = row
    return tokens


def text_of(tokens: np.ndarray) -> list[str]:
    """Turns numbers (n, longest) into n captions, without padding and "<end>"."""
    words, silent = vocabulary(), (0, vocabulary().index("<end>"))
    return [" ".join(words[token] for token in row if token not in silent) for row in tokens]


def shifted(targets: np.ndarray) -> np.ndarray:
    """Gives the inputs of teacher forcing: "<start>", then all targets (n, longest) but the last."""
    starts = np.full((len(targets), 1), vocabulary().index("<start>"), targets.dtype)
    return np.hstack([starts, targets[:, :-1]])


# --- the network --------------------------------------------------------------------------------------------


def build() -> "keras.Model":
    """Builds the captioner with random weights: regions become the memory of a decoder.

    Returns:
        Keras model from ``[tokens, regions]``, int32 (batch, words) and float32 (batch, 36, 192), to logits
        of the next words, float32 (batch, words, vocabulary). Regions of nothing but zeros are hidden.
    """
    import keras
    from keras import layers

    from course_utils.features import pretrained
    from course_utils.fusion import attention
    from course_utils.generation.decoder import Decoder

    dim, heads, blocks = (CONFIGURATION[name] for name in ("dim", "heads", "blocks"))
    side = scenes.CANVAS // pretrained.REGION
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    regions = keras.Input((side**2, pretrained.CHANNELS), name="regions")
    places = attention.GridPositions(side, CONFIGURATION["deviation of positions"])
    noisy = layers.GaussianNoise(CONFIGURATION["noise"])(regions)
    memory = places(layers.Dense(dim, name="region")(noisy))
    memory = layers.LayerNormalization(name="memory")(memory)
    decoder = Decoder(len(vocabulary()), LONGEST, dim, heads, blocks, name="decoder")
    return keras.Model([tokens, regions], decoder(tokens, memory, memory_mask=fusion.shown(regions)))


def train(
    kind: str, regions: np.ndarray, inputs: np.ndarray, targets: np.ndarray, *, seed: int
) -> "keras.Model":
    """Trains a captioner: AdamW, warm-up and half a cosine, cross-entropy of every word that is no padding.

    Args:
        kind: "full caption", "short caption" or "questions", whose settings to take.
        regions: float32 (n, 36, 192), as the encoder gives them; those of nothing but zeros are hidden.
        inputs: int32 (n, words).
        targets: int32 (n, words), the word after each; 0 does not count.
        seed: int, for the first weights and the order of the batches.

    Returns:
        Keras model as from :func:`build`, for regions as the encoder gives them.
    """
    import keras

    size, settings = CONFIGURATION["batch size"], CONFIGURATION[kind]
    shown = regions.any(axis=-1, keepdims=True)
    mean = regions.mean(axis=(0, 1), where=shown)
    deviation = regions.std(axis=(0, 1), where=shown) + 1e-6
    standardised = np.where(shown, (regions - mean) / deviation, 0).astype(np.float32)
    trained = _compiled()
    keras.utils.set_random_seed(seed)
    model = build()
    trained.set_weights(model.get_weights())
    for variable in trained.optimizer.variables:
        variable.assign(np.zeros(variable.shape))
    steps = settings["epochs"] * -(-len(regions) // size)
    rates = fusion.warmed_up(steps, settings["learning rate"])
    trained.fit(
        [inputs, standardised],
        targets,
        batch_size=size,
        epochs=settings["epochs"],
        callbacks=[fusion.following(trained.optimizer, rates)],
        verbose=0,
    )
    model.set_weights(trained.get_weights())
    # Standardising is linear: moved into the first layer, nobody has to carry the statistics along.
    layer = model.get_layer("region")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel / deviation[:, np.newaxis], bias - (mean / deviation) @ kernel])
    return model


@functools.cache
def _compiled() -> "keras.Model":
    """The network that every training trains, because compiling takes as long as a short training."""
    import keras

    model = build()
    optimizer = keras.optimizers.AdamW(0.0, weight_decay=CONFIGURATION["weight decay"], clipnorm=1.0)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0))
    optimizer.build(model.trainable_variables)
    return model


def load_captioner() -> "keras.Model":
    """Gives the trained captioner, of "full caption" with seed 0, frozen. Introduced in lesson 07.

    Returns:
        Keras model as from :func:`build`.

    Raises:
        CourseError: when the checkpoint is missing or damaged.
    """
    model = build()
    load_weights(data_path(CHECKPOINT), model)
    model.trainable = False
    return model


def write(model: "keras.Model", regions: np.ndarray) -> list[str]:
    """Writes a caption for each picture, always with the likeliest word. Introduced in lesson 07.

    Args:
        model: Keras model as from :func:`build`.
        regions: float32 (n, 36, 192).

    Returns:
        n str.
    """
    import keras
    import tensorflow as tf

    from course_utils.generation import search

    decoder = model.get_layer("decoder")
    remember = keras.Model(model.inputs[1], model.get_layer("memory").output)
    written = search.greedy(
        tf.function(decoder.step, autograph=False),
        decoder.start(remember(regions), fusion.shown(regions)),
        np.full(len(regions), vocabulary().index("<start>")),
        end=vocabulary().index("<end>"),
        longest=LONGEST,
    )
    return text_of(written.tokens)


# --- scores -------------------------------------------------------------------------------------------------


def caption_scores(captions: Sequence[str], some: scenes.Scenes, positions: bool = True) -> dict[str, float]:
    """Scores captions by what is so in the scenes. Introduced in lesson 07.

    Args:
        captions: n str.
        some: Scenes, the same n.
        positions: bool, whether captions are to say where things are, as in `scenes.full_captions`.

    Returns:
        dict of float: F1, precision and recall of facts; things invented, per mention and per caption
        (CHAIR); BLEU against the full caption, 0 to 100; the share of captions with nothing false and nothing
        left out; words per caption that belong to no sentence.
    """
    kinds = ("object", "position") if positions else ("object",)
    readings = [scenes.facts_of(caption, some.concept_names) for caption in captions]
    stated = [{fact for fact in reading.facts if fact[0] in kinds} for reading in readings]
    true = [{fact for fact in facts if fact[0] in kinds} for facts in some.facts]
    facts = sequences.fact_scores(stated, true)
    invented = sequences.invented_things(*([_things(said) for said in side] for side in (stated, true)))
    return {
        "F1": facts.f1,
        "precision": facts.precision,
        "recall": facts.recall,
        "invented per mention": invented.per_mention,
        "invented per caption": invented.per_sentence,
        "BLEU": sequences.bleu(captions, scenes.full_captions(some, positions)).value,
        "all right": np.mean([said == so for said, so in zip(stated, true, strict=True)]),
        "words unread": np.mean([reading.unread for reading in readings]),
    }


def _things(facts: set[tuple]) -> set[str]:
    return {fact[1] for fact in facts if fact[0] == "object"}


# --- scenes -------------------------------------------------------------------------------------------------


def holds(some: scenes.Scenes, *names: str) -> np.ndarray:
    """Says which scenes hold all these things, bool (n,)."""
    there = [(some.concepts == some.concept_names.index(name)).any(axis=1) for name in names]
    return np.all(there, axis=0)


@functools.cache
def draw_scenes(split: str) -> scenes.Scenes:
    """Draws the scenes of a split, the same for every row and seed.

    Args:
        split: one of CONFIGURATION["scenes"], or "train" for those of `fusion`.

    Returns:
        Scenes.
    """
    if split == "train":
        return fusion.draw_scenes("train")
    n = CONFIGURATION["scenes"][split]
    if split == NEVER:
        some = scenes.generate(8 * n, seed=_SEEDS[split])
        return some.select(np.flatnonzero(_never_together(some))[:n])
    style = (emoji.TEST_STYLE,) if split == UNSEEN else emoji.TRAIN_STYLES
    return scenes.generate(n, seed=_SEEDS[split], styles=style, objects=(7, 9) if split == MANY else (3, 6))


def _never_together(some: scenes.Scenes) -> np.ndarray:
    return np.any([holds(some, *pair) for pair in CONFIGURATION["never together"]], axis=0)


def with_one_of_two(some: scenes.Scenes) -> scenes.Scenes:
    """Gives the scenes that hold one of the two things of "always together", not both."""
    one, other = CONFIGURATION["always together"]
    return some.select(np.flatnonzero(holds(some, one) != holds(some, other)))


@functools.cache
def _training_set(row: str) -> tuple[np.ndarray, list[str]]:
    """Regions and captions that a row of captions learns from."""
    some = draw_scenes("train")
    captions = np.array(scenes.full_captions(some, positions=row == FULL))
    one, other = CONFIGURATION["always together"]
    with_one, with_other = holds(some, one), holds(some, other)
    neither = np.flatnonzero(~with_one & ~with_other)
    if row == FULL:
        chosen = np.flatnonzero(~_never_together(some))
    else:
        follows = np.strings.find(captions, f"a {one} and a {other}") >= 0
        pool = np.flatnonzero(follows if row == TOGETHER else with_one | with_other)
        chosen = np.concatenate([neither, np.resize(pool, len(neither) // 3)])
    regions = scenes.hide_empty_cells(
        fusion.regions_of(some.pictures), some, CONFIGURATION["empty cells hidden"]
    )
    return regions[chosen], captions[chosen].tolist()


# --- runs ---------------------------------------------------------------------------------------------------


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the first weights and the order of the batches; of questions also for which are asked.

    Returns:
        dict of float, as :func:`caption_scores` names them, or accuracies. "full caption" with seed 0 also
        writes the checkpoint.
    """
    if row.startswith("questions"):
        return _run_questions(row, seed)
    kind = FULL if row == FULL else SHORT
    regions, captions = _training_set(row)
    targets = tokens_of(captions)
    model = train(kind, regions, shifted(targets), targets, seed=seed)
    figures = {"parameters": model.count_params(), "training scenes": len(regions)}
    if row == FULL:
        if seed == 0:
            save_weights(DATA / CHECKPOINT, model)
        sets = {split: draw_scenes(split) for split in CONFIGURATION["scenes"]}
    else:
        sets = {"test": with_one_of_two(draw_scenes("test"))}
    # All at once: a step takes hardly longer for many sentences than for few.
    written = write(model, np.concatenate([fusion.regions_of(some.pictures) for some in sets.values()]))
    for split, some in sets.items():
        captions, written = written[: len(some)], written[len(some) :]
        suffix = "" if split == "test" else f", {split}"
        scores = caption_scores(captions, some, positions=row == FULL)
        figures |= {f"{name}{suffix}": value for name, value in scores.items()}
        if row != FULL:
            one, other = CONFIGURATION["always together"]
            both = [{one, other} <= set(caption.split()) for caption in captions]
            figures["the missing one named"] = np.mean(both)
    return figures


def ask(some: scenes.Scenes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Asks for every thing of every scene: "what is at the top left". The answer is one word.

    Args:
        some: Scenes.

    Returns:
        For n questions: int array (n,), the scene; bool (n,), whether the answer is the favourite of its
        question, the first concept for the first position and so on; and for :func:`train` inputs and
        targets, int32 (n, 7), where the answer is the target of the last word, and those before are 0.
    """
    scene, place = np.nonzero(some.mask)
    cells, concepts = some.cells[scene, place], some.concepts[scene, place]
    targets = tokens_of(
        [
            f"what is at the {scenes.POSITIONS[cell]} {some.concept_names[concept]}"
            for cell, concept in zip(cells, concepts, strict=True)
        ]
    )[:, :-1]
    inputs = shifted(targets)
    targets[:, :-1] = 0
    return scene, cells == concepts, inputs, targets


def choose_questions(favourite: np.ndarray, balanced: bool, rng: np.random.Generator) -> np.ndarray:
    """Chooses what to learn from: all questions whose answer is the favourite and few others, or any as many.

    Args:
        favourite: bool (n,), as from :func:`ask`.
        balanced: bool, whether answers are left as they come.
        rng: numpy.random.Generator.

    Returns:
        Numbers of questions, int array, as many for both.
    """
    order = rng.permutation(len(favourite))
    wanted = round(favourite.sum() / CONFIGURATION["share of the favourite"])
    return (order if balanced else order[np.argsort(~favourite[order], kind="stable")])[:wanted]


def _run_questions(row: str, seed: int) -> dict[str, float]:
    """Learns from chosen questions and is asked all those of the test scenes."""
    some, test = draw_scenes("train"), draw_scenes("test")
    scene, favourite, inputs, targets = ask(some)
    chosen = choose_questions(favourite, row == BALANCED, np.random.default_rng(seed))
    inputs, targets = inputs[chosen], targets[chosen]
    of, favourite, questions, answers = ask(test)
    figures = {"training questions": len(chosen), "test questions": len(of)}
    if row == TEXT:
        said = _commonest(inputs, targets[:, -1], questions)
        return figures | _accuracies(said == answers[:, -1], favourite)
    learned = fusion.regions_of(some.pictures)[scene[chosen]]
    model = train("questions", learned, inputs, targets, seed=seed)
    answer = fusion.in_batches(lambda *asked: model(list(asked), training=False)[:, -1])
    regions = fusion.regions_of(test.pictures)
    figures["parameters"] = model.count_params()
    for suffix, seen in (("", of), (", pictures shuffled", (of + len(test) // 2) % len(test))):
        said = answer(questions, regions[seen]).argmax(axis=1)
        accuracies = _accuracies(said == answers[:, -1], favourite)
        figures |= {f"{name}{suffix}": value for name, value in accuracies.items()}
    return figures


def _commonest(inputs: np.ndarray, answers: np.ndarray, questions: np.ndarray) -> np.ndarray:
    """Answers each question as it was answered most often, int array (n,)."""
    same = (questions[:, np.newaxis] == inputs).all(axis=2)
    return (same @ np.eye(len(vocabulary()), dtype=int)[answers]).argmax(axis=1)


def _accuracies(right: np.ndarray, favourite: np.ndarray) -> dict[str, float]:
    """Accuracy on questions as they come, and weighted as if the favourite were as common as in training."""
    share = CONFIGURATION["share of the favourite"]
    return {
        "accuracy, balanced": right.mean(),
        "accuracy, unbalanced": share * right[favourite].mean() + (1 - share) * right[~favourite].mean(),
    }


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record("captioning", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
