"""Recorded experiment: a small language model that learned from words alone is shown pictures. In lesson 10.

    python3 -m course_utils experiment pretrain_language

- **words**: a decoder learns to continue text: scenes told in words with questions and answers, reviews and
  parallel sentences. It never sees a picture.
- **nothing**, **named cells**, **true description** ask that model about pictures without training it: it is
  told nothing; what a classifier of the cells names; or what is so.
- **projector**, **projector + LoRA**, **everything** show it pictures (Liu et al., arXiv:2304.08485): 36
  regions of the image encoder become soft tokens that stand where the description stood. First the projector
  alone learns to make the frozen model write the description, then to answer. From there either LoRA learns
  with it, or the whole model does.

No scene is learned from twice: things and places are drawn anew, and the features of a cell are those of any
cell of the training scenes with the same content. Settings were chosen on validation scenes in the styles of
the training scenes; nothing was chosen on the test scenes. Importing this module loads Keras.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import ops
from sklearn.linear_model import LogisticRegression

from course_utils.datasets import emoji, parallel, reviews, scenes
from course_utils.experiments import captioning, fusion, results
from course_utils.language_model import low_rank, own, writing
from course_utils.language_model.decoder import Configuration, LanguageModel
from course_utils.language_model.tokens import ByteLevelBPE

CONFIGURATION = {
    "vocabulary": 1024,
    "model": {"layers": 4, "width": 128, "hidden": 352, "heads": 4, "kv_heads": 2},
    "projector": {"hidden": 192},
    "LoRA": {"rank": 8, "parts": ["q", "k", "v", "o"]},
    "tokens": 96,
    "batch size": 16,
    "weight decay": 0.05,
    "learning rate of Adam, relative": 0.5,
    "weight of what is asked": 0.1,
    "weight of other text": 0.5,
    "shares": {"scenes": 0.8, "reviews": 0.1, "parallel": 0.1},
    "nothing told": 0.1,
    "described": 0.25,
    "noise": 0.3,
    "words": {"steps": 2000, "learning rate": 2e-3},
    "description": {"steps": 200, "learning rate": 2e-3},
    "projector, questions": {"steps": 300, "learning rate": 2e-3},
    "projector + LoRA": {"steps": 400, "learning rate": 2e-3},
    "everything": {"steps": 400, "learning rate": 2e-3},
    "scenes": {"validation": 60, "test": 120, "test in the unseen style": 120},
    "captions": 40,
    "sentences": 200,
}
WORDS, NOTHING, NAMED, TRUE = "words", "nothing", "named cells", "true description"
PROJECTOR, LORA, EVERYTHING = "projector", "projector + LoRA", "everything"
ROWS = (WORDS, NOTHING, NAMED, TRUE, PROJECTOR, LORA, EVERYTHING)
SEEDS = 3
TESTS = ("test", "test in the unseen style")
_SEEDS = {"validation": 71, "test": 72, "test in the unseen style": 73}

DESCRIBE = "what is in the picture?"
YES_NO = ("is there", "is at")
END = "\n"
"""Ends a description, and an answer."""

_STEPS = {"right of": (0, 1), "left of": (0, -1), "above": (-1, 0), "below": (1, 0)}
_SHARES = {"what is at": 0.15, "where is": 0.3, "beside": 0.25, "is there": 0.12, "is at": 0.18}


# --- scenes in words ----------------------------------------------------------------------------------------

Board = dict[int, str]
"""What is where: the cell, 0 to 8, → the name of the thing in it."""


class Question(NamedTuple):
    """A question about a board.

    Attributes:
        kind: str out of scenes.QUESTION_KINDS or YES_NO.
        text: str, such as "where is the cat?".
        answer: str, such as "top left", "owl" or "yes".
    """

    kind: str
    text: str
    answer: str


def draw_board(rng: np.random.Generator, fewest: int = 1) -> Board:
    """Puts up to six different things into different cells."""
    count = rng.integers(fewest, scenes.MAX_OBJECTS + 1)
    cells, things = rng.permutation(len(scenes.POSITIONS))[:count], rng.permutation(len(scenes.CONCEPTS))
    return {int(cell): scenes.CONCEPTS[thing] for cell, thing in zip(cells, things, strict=False)}


def boards_of(some: scenes.Scenes) -> list[Board]:
    """Says what is where in each of n scenes."""
    return [
        {
            int(cell): some.concept_names[concept]
            for cell, concept in zip(cells[there], concepts[there], strict=True)
        }
        for cells, concepts, there in zip(some.cells, some.concepts, some.mask, strict=True)
    ]


def listed(board: Board) -> str:
    """Says what is where as short as can be, row by row: "top left cat bottom centre key"."""
    return " ".join(f"{scenes.POSITIONS[cell]} {board[cell]}" for cell in sorted(board))


def described(board: Board) -> str:
    """Describes a board as `scenes.full_captions` does a scene: "the cat is at the top left the key is …"."""
    return " ".join(f"the {board[cell]} is at the {scenes.POSITIONS[cell]}" for cell in sorted(board))


def draw_question(board: Board, rng: np.random.Generator) -> Question:
    """Asks something about a board; those about neighbours only where there are any.

    Args:
        board: Board.
        rng: NumPy generator.

    Returns:
        Question. Half of those of YES_NO have the answer "yes", but on boards of one thing.
    """
    kind = rng.choice([*_SHARES], p=[*_SHARES.values()])
    beside = _beside(board) if kind == "beside" else []
    if beside:
        thing, relation, answer = beside[rng.integers(len(beside))]
        return Question(relation, f"what is {relation} the {thing}?", answer)
    cell = [*board][rng.integers(len(board))]
    if kind == "where is":
        return Question(kind, f"where is the {board[cell]}?", scenes.POSITIONS[cell])
    if kind in YES_NO:
        return draw_yes_no(board, kind, bool(rng.integers(2)), rng)
    return Question("what is at", f"what is at the {scenes.POSITIONS[cell]}?", board[cell])


def draw_yes_no(board: Board, kind: str, true: bool, rng: np.random.Generator) -> Question:
    """Asks whether something is there, or is at a place, which is so or not so.

    Args:
        board: Board.
        kind: one of YES_NO.
        true: bool, whether it is so. On a board of one thing all that "is at" asks is so.
        rng: NumPy generator.

    Returns:
        Question.
    """
    cells = rng.permutation([*board])
    if kind == "is there":
        others = [name for name in scenes.CONCEPTS if name not in board.values()]
        name = board[cells[0]] if true else others[rng.integers(len(others))]
        text = f"is there {'an' if name[0] in 'aeiou' else 'a'} {name}?"
    else:
        true = true or len(board) == 1
        name = board[cells[0 if true else 1]]
        text = f"is the {name} at the {scenes.POSITIONS[cells[0]]}?"
    return Question(kind, text, "yes" if true else "no")


def _beside(board: Board) -> list[tuple[str, str, str]]:
    """(thing, relation, what is there) for all pairs of neighbours."""
    found = []
    for cell, thing in board.items():
        row, column = divmod(cell, scenes.GRID)
        for relation, (down, right) in _STEPS.items():
            there = (row + down, column + right)
            other = board.get(there[0] * scenes.GRID + there[1])
            if other and all(0 <= place < scenes.GRID for place in there):
                found.append((thing, relation, other))
    return found


@functools.cache
def draw_scenes(split: str) -> scenes.Scenes:
    """Draws the scenes of a split of CONFIGURATION["scenes"], the same for every row and seed."""
    styles = (emoji.TEST_STYLE,) if "unseen" in split else emoji.TRAIN_STYLES
    return scenes.generate(CONFIGURATION["scenes"][split], seed=_SEEDS[split], styles=styles)


@functools.cache
def asked(split: str) -> tuple[np.ndarray, list[Question]]:
    """Asks about the scenes of a split: each scene's eight questions, and four of yes and no, half of each.

    Returns:
        int array (questions,), the scene of each, and the list of Question.
    """
    some, rng = draw_scenes(split), np.random.default_rng(_SEEDS[split])
    found = []
    for scene, board in enumerate(boards_of(some)):
        for words, kind, answer in zip(
            some.questions[scene], some.kinds[scene], some.answers[scene], strict=True
        ):
            text, name = f"{some.read(words)}?", some.answer_names[answer]
            found.append((scene, Question(scenes.QUESTION_KINDS[kind], text, name)))
        for kind in YES_NO:
            found += [(scene, draw_yes_no(board, kind, true, rng)) for true in (True, False)]
    return np.array([scene for scene, _ in found]), [question for _, question in found]


# --- other text ---------------------------------------------------------------------------------------------


@functools.cache
def texts(kind: str, split: str) -> list[str]:
    """Gives the course's texts, each with END.

    Args:
        kind: "reviews", English and Chinese; "parallel", "ENGLISH = CHINESE"; or "scenes", described.
        split: "train" or "test".

    Returns:
        list of str.
    """
    if kind == "scenes":
        found = [described(board) for board in boards_of(draw_scenes("test"))]
    elif kind == "reviews":
        found = [text for name in reviews.LANGUAGES for text in reviews.load(name).select(split=split).texts]
    else:
        name, n = ("train", 4000) if split == "train" else ("validation", CONFIGURATION["sentences"])
        pairs = parallel.generate(n, seed=0, split=name)
        found = [
            f"{english} = {chinese}" for english, chinese in zip(pairs.english, pairs.chinese, strict=True)
        ]
    return [text + END for text in found]


@functools.cache
def tokenizer() -> ByteLevelBPE:
    """Gives the tokens, learned from the training texts and as many scenes in words."""
    rng = np.random.default_rng(0)
    found = [*texts("reviews", "train"), *texts("parallel", "train")]
    for _ in range(1000):
        board = draw_board(rng)
        found += [described(board), *(" ".join(draw_question(board, rng)[1:]) for _ in range(4)), DESCRIBE]
    return ByteLevelBPE.learn(found, CONFIGURATION["vocabulary"])


# --- what is learned from -----------------------------------------------------------------------------------


def dialogue(
    board: Board, room: int, rng: np.random.Generator, *, described_first: bool
) -> tuple[list, list]:
    """Asks and answers until the room is full.

    Args:
        board: Board.
        room: int, the most tokens.
        rng: NumPy generator.
        described_first: bool, whether the first question is DESCRIBE, whose answer is the description.

    Returns:
        tokens and the weight of each in the loss: 1 in answers, less in questions.
    """
    cut, tokens, weights = tokenizer(), [], []
    pair = (DESCRIBE, described(board)) if described_first else draw_question(board, rng)[1:]
    while True:
        question, answer = cut.encode(pair[0]), cut.encode(f" {pair[1]}{END}")
        if len(tokens) + len(question) + len(answer) > room:
            return tokens, weights
        tokens += question + answer
        weights += [CONFIGURATION["weight of what is asked"]] * len(question) + [1.0] * len(answer)
        pair = draw_question(board, rng)[1:]


def batches_of_words(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Draws batches of text without end.

    Args:
        rng: NumPy generator.

    Yields:
        tokens int32 (batch, tokens); the token after each, likewise; and its weight, float32.
    """
    shares, cut = CONFIGURATION["shares"], tokenizer()
    room = CONFIGURATION["tokens"] + 1
    while True:
        rows = []
        for kind in rng.choice([*shares], CONFIGURATION["batch size"], p=[*shares.values()]):
            if kind == "scenes":
                rows.append(_told(draw_board(rng), room, rng))
                continue
            tokens = []
            while len(tokens) < room:  # one text after the other
                known = texts(kind, "train")
                tokens += cut.encode(known[rng.integers(len(known))])
            rows.append((tokens, [CONFIGURATION["weight of other text"]] * room))
        yield _shifted(rows, room)


def _told(board: Board, room: int, rng: np.random.Generator) -> tuple[list, list]:
    """What is where, or now and then nothing, then questions and answers."""
    nothing = rng.random() < CONFIGURATION["nothing told"]
    told = tokenizer().encode(END if nothing else listed(board) + END)
    tokens, weights = dialogue(
        board, room - len(told), rng, described_first=rng.random() < CONFIGURATION["described"]
    )
    return told + tokens, [CONFIGURATION["weight of what is asked"]] * len(told) + weights


def _shifted(rows: Sequence[tuple[list, list]], room: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tokens, weights = (
        np.array([[*row[:room], *[0] * (room - len(row))] for row in part], dtype)
        for part, dtype in zip(zip(*rows, strict=True), (np.int32, np.float32), strict=True)
    )
    return tokens[:, :-1], tokens[:, 1:], weights[:, 1:]


class Cells(NamedTuple):
    """Features of the cells of the training scenes.

    Attributes:
        features: float32 (cells, 4, 192), standardised.
        content: int array (cells,), the thing in it, an index in scenes.CONCEPTS; −1 nothing.
        mean: float32 (192,), of the features as the encoder gives them.
        deviation: float32 (192,), likewise.
    """

    features: np.ndarray
    content: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


@functools.cache
def cells() -> Cells:
    """Gives the features of all cells of the training scenes of `fusion`."""
    some = fusion.draw_scenes("train")
    regions = fusion.regions_of(some.pictures)
    mean, deviation = regions.mean(axis=(0, 1)), regions.std(axis=(0, 1)) + 1e-6
    content = np.full((len(some), len(scenes.POSITIONS) + 1), -1)
    np.put_along_axis(content, some.cells, some.concepts, axis=1)
    return Cells(by_cell((regions - mean) / deviation), content[:, :-1].ravel(), mean, deviation)


def by_cell(regions: np.ndarray) -> np.ndarray:
    """Sorts regions (n, 36, features), row by row, by their cells: (n · 9, 4, features)."""
    grid = regions.reshape(len(regions), scenes.GRID, 2, scenes.GRID, 2, -1)
    return grid.swapaxes(2, 3).reshape(-1, 4, regions.shape[-1])


def by_row(features: np.ndarray) -> np.ndarray:
    """Undoes :func:`by_cell`."""
    grid = features.reshape(-1, scenes.GRID, scenes.GRID, 2, 2, features.shape[-1])
    return grid.swapaxes(2, 3).reshape(len(grid), -1, features.shape[-1])


def draw_regions(boards: Sequence[Board], rng: np.random.Generator) -> np.ndarray:
    """Shows boards by features of cells with the same content, in any of the training styles, with noise.

    Args:
        boards: n Boards.
        rng: NumPy generator.

    Returns:
        float32 (n, 36, 192), standardised.
    """
    known, holding = cells(), _holding()
    numbers = [
        [holding[scenes.CONCEPTS.index(board[cell]) if cell in board else -1] for cell in range(9)]
        for board in boards
    ]
    chosen = np.array([[rows[rng.integers(len(rows))] for rows in board] for board in numbers])
    regions = by_row(known.features[chosen.ravel()])
    return regions + rng.normal(0, CONFIGURATION["noise"], regions.shape).astype(np.float32)


@functools.cache
def _holding() -> dict[int, np.ndarray]:
    """The numbers of the cells with each content."""
    content = cells().content
    return {thing: np.flatnonzero(content == thing) for thing in range(-1, len(scenes.CONCEPTS))}


def batches_of_pictures(stage: str, rng: np.random.Generator) -> Iterator[tuple]:
    """Draws batches of dialogues about pictures without end.

    Args:
        stage: "description" for that alone, else all questions. A description of six things is a token too
            long for the room that the former has: nothing is learned from such a board there.
        rng: NumPy generator.

    Yields:
        dict of tokens int32 (batch, tokens) and regions float32 (batch, 36, 192); the token after each, int32
        (batch, tokens); and its weight, float32, 0 where a question is asked.
    """
    first = tokenizer().encode(END)
    room = 1 + 48 if stage == "description" else 1 + 72
    while True:
        boards = [draw_board(rng) for _ in range(CONFIGURATION["batch size"])]
        rows = []
        for board in boards:
            about = stage == "description" or rng.random() < CONFIGURATION["described"]
            tokens, weights = dialogue(board, room - 1, rng, described_first=about)
            if stage == "description":
                length = len(tokenizer().encode(f"{DESCRIBE} {described(board)}{END}"))
                tokens, weights = tokens[:length], weights[:length]
            rows.append((first + tokens, [0.0, *(float(weight == 1) for weight in weights)]))
        tokens, targets, weights = _shifted(rows, room)
        yield {"tokens": tokens, "regions": draw_regions(boards, rng)}, targets, weights


# --- training -----------------------------------------------------------------------------------------------


def build_model(dtype: str = "float32") -> LanguageModel:
    """Builds the language model with random weights.

    Args:
        dtype: str, what it computes in.

    Returns:
        LanguageModel. What a block adds is small at first: a token must not drown in what is beside it.
    """
    model = LanguageModel(Configuration(**CONFIGURATION["model"], vocabulary=len(tokenizer())), dtype=dtype)
    model.table.embeddings.assign(model.table.embeddings * 4)
    for block in model.blocks:
        for layer in (block.o, block.down):
            layer.kernel.assign(layer.kernel * 0.2)
    return model


class Reader(keras.Model):
    """A language model with a projector: from tokens, and regions if it has one, to logits of the next token.

    Args:
        model: LanguageModel.
        projector: as from `own.build_projector`, or None for words alone.
    """

    def __init__(self, model: LanguageModel, projector: keras.Model | None) -> None:
        super().__init__()
        self.model, self.projector = model, projector

    def call(self, inputs: dict[str, keras.KerasTensor]) -> keras.KerasTensor:
        """Reads "tokens", int32 (batch, tokens), after "regions", float32 (batch, 36, 192), if it sees."""
        vectors, regions = self.model.embed(inputs["tokens"]), 0
        if self.projector is not None:
            soft = self.projector(inputs["regions"])
            vectors, regions = ops.concatenate([soft, ops.cast(vectors, soft.dtype)], axis=1), soft.shape[1]
        hidden, _ = self.model(vectors, mask=alone(inputs["tokens"], regions))
        return self.model.logits(hidden[:, regions:])


def alone(tokens: keras.KerasTensor, regions: int) -> keras.KerasTensor:
    """Says who may look at whom where a question is to be answered from what is told and not from others.

    Args:
        tokens: int tensor (batch, tokens): what is told, then questions with their answers, each with END.
        regions: int, soft tokens before them.

    Returns:
        bool tensor (batch, regions + tokens, regions + tokens), True = may look.
    """
    ends = ops.cast(tokens == tokenizer().encode(END)[0], "int32")
    # Number 0 is what is told and shown, number 1 the first question with its answer, and so on.
    turn = ops.pad(ops.cumsum(ends, axis=1) - ends, ((0, 0), (regions, 0)))
    place = ops.arange(ops.shape(turn)[1])
    same = (turn[:, None, :] == 0) | (turn[:, None, :] == turn[:, :, None])
    return same & (place[None, None, :] <= place[None, :, None])


def train(
    model: LanguageModel, projector: keras.Model | None, stage: str, rng: np.random.Generator
) -> list[float]:
    """Trains what is trainable: warm-up and half a cosine, cross-entropy of the next token.

    Matrices by Muon (Jordan et al., https://kellerjordan.github.io/posts/muon), all else by AdamW.

    Args:
        model: LanguageModel that computes in mixed bfloat16; changed in place.
        projector: as from `own.build_projector`, for standardised regions; None for words alone.
        stage: str, whose settings to take from CONFIGURATION.
        rng: NumPy generator, for what is learned from.

    Returns:
        list of float, the loss of each step.
    """
    settings = CONFIGURATION[stage]
    reader = Reader(model, projector)
    optimizer = keras.optimizers.Muon(
        0.0,
        weight_decay=CONFIGURATION["weight decay"],
        adam_lr_ratio=CONFIGURATION["learning rate of Adam, relative"],
        adam_beta_2=0.98,
        clipnorm=1.0,
        exclude_layers=["bias", "lora"],
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Compiled by XLA it would be no faster here, and take a minute more to begin.
    reader.compile(optimizer, loss, jit_compile=False)
    if projector is None:
        batches = (({"tokens": tokens}, *rest) for tokens, *rest in batches_of_words(rng))
    else:
        batches = batches_of_pictures(stage, rng)
    losses = []
    for rate, batch in zip(
        fusion.warmed_up(settings["steps"], settings["learning rate"]), batches, strict=False
    ):
        optimizer.learning_rate.assign(rate)
        losses.append(float(reader.train_on_batch(*batch)))
        reader.reset_metrics()
    return losses


# --- scores -------------------------------------------------------------------------------------------------


def predicted(
    model: LanguageModel, rows: Sequence[Sequence[int]], soft: np.ndarray | None = None
) -> np.ndarray:
    """Gives the likeliest token after each token of each row.

    Args:
        model: LanguageModel.
        rows: n lists of tokens.
        soft: float32 (n, regions, width), what stands before them, or None.

    Returns:
        int array (n, longest); after the end of a row it says nothing.
    """
    tokens = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for place, row in zip(tokens, rows, strict=True):
        place[: len(row)] = row
    found = []
    for first in range(0, len(rows), 200):
        vectors = model.embed(tokens[first : first + 200])
        if soft is not None:
            vectors = ops.concatenate([soft[first : first + 200], vectors], axis=1)
        hidden, _ = model(vectors)
        found.append(np.asarray(ops.argmax(model.logits(hidden[:, -tokens.shape[1] :]), axis=-1)))
    return np.concatenate(found)


def answer_scores(
    model: LanguageModel,
    questions: Sequence[Question],
    told: Sequence[str],
    soft: np.ndarray | None = None,
) -> dict[str, float]:
    """Asks a model and compares what it would write with the answers.

    An answer is exact if each of its tokens and END are the likeliest after those before, which is to say
    that the model writes it when it always writes the likeliest token.

    Args:
        model: LanguageModel.
        questions: n Question.
        told: n str, what it is told before each question; "" for nothing.
        soft: float32 (n, 36, width), soft tokens before that, or None.

    Returns:
        dict of float, of :func:`_figures`.
    """
    cut = tokenizer()
    rows, starts = [], []
    for before, question in zip(told, questions, strict=True):
        beginning = cut.encode(before + END) + cut.encode(question.text)
        starts.append(len(beginning))
        rows.append(beginning + cut.encode(f" {question.answer}{END}"))
    likeliest = predicted(model, rows, soft)
    exact = [
        (likeliest[i, start - 1 : len(row) - 1] == row[start:]).all()
        for i, (row, start) in enumerate(zip(rows, starts, strict=True))
    ]
    says_yes = likeliest[np.arange(len(rows)), np.array(starts) - 1] == cut.encode(" yes")[0]
    return _figures(questions, np.array(exact), says_yes)


def _figures(questions: Sequence[Question], exact: np.ndarray, says_yes: np.ndarray) -> dict[str, float]:
    """Exact answers, of all open questions and of each kind; of yes and no how many are right, how often it
    says yes, and how often to what is not so."""
    kinds = np.array([question.kind for question in questions])
    true = np.array([question.answer == "yes" for question in questions])
    closed = np.isin(kinds, YES_NO)
    figures = {"exact": _mean(exact[~closed])}
    figures |= {f"exact, {kind}": _mean(exact[kinds == kind]) for kind in scenes.QUESTION_KINDS}
    for kind in YES_NO:
        these = kinds == kind
        figures[f"right, {kind}"] = _mean(exact[these])
        figures[f"yes, {kind}"] = _mean(says_yes[these])
        figures[f"false yes, {kind}"] = _mean(says_yes[these & ~true])
    return figures


def _mean(found: np.ndarray) -> float:
    """The share of True; NaN where nothing was asked."""
    return float(found.mean()) if len(found) else float("nan")


def write_descriptions(model: LanguageModel, soft: np.ndarray) -> list[str]:
    """Lets a model write what is in pictures.

    Args:
        model: LanguageModel.
        soft: float32 (n, 36, width).

    Returns:
        n str.
    """
    cut = tokenizer()
    asked_for = np.tile(cut.encode(END + DESCRIBE), (len(soft), 1))
    (end,) = cut.encode(END)
    vectors = ops.concatenate([soft, model.embed(asked_for)], axis=1)
    written = writing.write(model, vectors, new=56, end=end)
    return [cut.decode(row).split(END)[0].strip() for row in written]


def text_scores(model: LanguageModel) -> dict[str, float]:
    """Gives the perplexity of each kind of text that was not learned from."""
    return {
        f"perplexity, {kind}": writing.perplexity(model, list(map(tokenizer().encode, texts(kind, "test"))))
        for kind in ("scenes", "reviews", "parallel")
    }


@functools.cache
def named_boards(split: str) -> list[Board]:
    """Says what is where by a classifier of cells: multinomial logistic regression on the same features.

    Returns:
        list of Board, one for each scene of the split; empty where it finds nothing.
    """
    known = cells()
    features, content = known.features[: 9 * 2000], known.content[: 9 * 2000]
    classifier = LogisticRegression(C=1e-3, max_iter=100)
    classifier.fit(features.reshape(len(features), -1), content)
    found = classifier.predict(by_cell(_standardised(split)).reshape(-1, known.features[0].size))
    return [
        {cell: scenes.CONCEPTS[thing] for cell, thing in enumerate(row) if thing >= 0}
        for row in found.reshape(-1, len(scenes.POSITIONS))
    ]


@functools.cache
def _standardised(split: str) -> np.ndarray:
    known = cells()
    return (fusion.regions_of(draw_scenes(split).pictures) - known.mean) / known.deviation


# --- runs ---------------------------------------------------------------------------------------------------


class Trained(NamedTuple):
    """What a stage leaves behind.

    Attributes:
        weights: list of arrays, of the language model, without LoRA.
        projector: list of arrays, of the projector for standardised regions; empty after words.
        lora: dict of arrays, empty without.
    """

    weights: list
    projector: list
    lora: dict


@functools.cache
def learned(row: str, seed: int) -> Trained:
    """Trains a row, from what the row before left: words → projector → projector + LoRA, or everything.

    Args:
        row: WORDS, PROJECTOR, LORA or EVERYTHING.
        seed: int.

    Returns:
        Trained.
    """
    keras.utils.set_random_seed(seed)
    # Only to draw: each stage has numbers of its own.
    rng = np.random.default_rng([seed, ROWS.index(row)])
    model, projector = build_model("mixed_bfloat16"), None
    stages = {PROJECTOR: ("description", "projector, questions")}.get(row, (row,))
    if row != WORDS:
        before = learned(WORDS if row == PROJECTOR else PROJECTOR, seed)
        model.set_weights(before.weights)
        projector = own.build_projector(model.configuration.width, **CONFIGURATION["projector"])
        if before.projector:
            projector.set_weights(before.projector)
        if row == LORA:
            low_rank.add_lora(model, **CONFIGURATION["LoRA"])
        elif row == PROJECTOR:
            model.trainable = False
    for stage in stages:
        train(model, projector, stage, rng)
    lora = low_rank.lora_arrays(model) if row == LORA else {}
    weights = before.weights if row in (PROJECTOR, LORA) else model.get_weights()
    return Trained(weights, projector.get_weights() if projector else [], lora)


def load(trained: Trained) -> tuple[LanguageModel, keras.Model | None]:
    """Makes what was trained again, in float32.

    Args:
        trained: as from :func:`learned`.

    Returns:
        LanguageModel, and a projector for regions as the encoder gives them, or None.
    """
    model, projector = build_model(), None
    model.set_weights(trained.weights)
    if trained.lora:
        low_rank.add_lora(model, **CONFIGURATION["LoRA"])
        low_rank.set_lora_arrays(model, trained.lora)
    if trained.projector:
        known = cells()
        projector = own.build_projector(model.configuration.width, **CONFIGURATION["projector"])
        # Standardising is linear: moved into the first layer, nobody has to carry the statistics along.
        kernel, bias, *rest = trained.projector
        scaled = kernel / known.deviation[:, np.newaxis]
        projector.set_weights([scaled, bias - known.mean @ scaled, *rest])
    return model, projector


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed, after those that it starts from.

    Args:
        row: str, one of ROWS.
        seed: int, for the first weights and what is learned from.

    Returns:
        dict of float, as :func:`answer_scores`, :func:`text_scores` and `captioning.caption_scores` name
        them. "projector + LoRA" with seed 0 also writes the checkpoint.
    """
    trained = learned(row if row in (PROJECTOR, LORA, EVERYTHING) else WORDS, seed)
    model, projector = load(trained)
    if (row, seed) == (LORA, 0):
        own.save(load(learned(WORDS, seed))[0], tokenizer(), projector, trained.lora)
    figures = {}
    if row in (WORDS, PROJECTOR, LORA, EVERYTHING):
        figures = {"parameters": model.count_params(), **text_scores(model)}
        figures["trained"] = _trained_parameters(row, trained)
        scene, questions = asked("test")
        told = [listed(board) for board in boards_of(draw_scenes("test"))]
        scores = answer_scores(model, questions, [told[i] for i in scene])
        figures |= {f"{name}, told in words": value for name, value in scores.items()}
    if row == WORDS:
        return figures
    for split in TESTS:
        scores = picture_scores(row, model, projector, split)
        figures |= {f"{name}, {split}": value for name, value in scores.items()}
    return figures


def picture_scores(
    row: str, model: LanguageModel, projector: keras.Model | None, split: str
) -> dict[str, float]:
    """Scores a row on the pictures of a split."""
    some = draw_scenes(split)
    scene, questions = asked(split)
    if projector is None:
        boards = {NAMED: named_boards, TRUE: lambda split: boards_of(draw_scenes(split))}.get(row)
        told = [listed(boards(split)[i]) if boards else "" for i in scene]
        return answer_scores(model, questions, told)
    soft = projector.predict(fusion.regions_of(some.pictures), verbose=0)
    figures = answer_scores(model, questions, [""] * len(questions), soft[scene])
    n = CONFIGURATION["captions"]
    written = write_descriptions(model, soft[:n])
    scores = captioning.caption_scores(written, some.select(np.arange(n)))
    return figures | {f"description: {name}": value for name, value in scores.items()}


def _trained_parameters(row: str, trained: Trained) -> int:
    """Numbers that the last stage of a row moved."""
    moved = [*trained.projector, *trained.lora.values()]
    if row in (WORDS, EVERYTHING):
        moved += trained.weights
    return sum(array.size for array in moved)


if __name__ == "__main__":
    results.record(
        "pretrain_language", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run
    )
