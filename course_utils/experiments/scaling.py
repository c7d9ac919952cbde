"""Recorded experiment: how the loss of a language model falls with its size and its data. Shown in lesson 10.

    python3 -m course_utils experiment scaling

Decoders of four widths learn to continue English reviews and messages, byte by byte, from three amounts of
text: 12 trainings, a factor of 30 in parameters and of 30 in bytes. Each stops where the loss on the
validation texts is lowest, and is scored on the test texts. No text is in two splits, and none was made by a
grammar. Two of the 12 are repeated with two more seeds: how far chance moves a point.

Then, in this order, each kept in the record before the next begins:

1. :data:`PREDICTION`: L = E + A · N^−a + B · D^−b is fitted to the 12 points, with intervals by the
   bootstrap, and says what a larger model than any of them will reach with more text than any of them had.
2. :data:`HELD_BACK`: that model is trained, with three seeds.

Only the learning rate was chosen, out of two, by the validation loss of width 32 on 6,600 bytes. It is
divided by the root of the width.
"""

import dataclasses
import functools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from course_utils.datasets import reviews
from course_utils.errors import CourseError
from course_utils.experiments import results
from course_utils.language_model.tokens import ByteLevelBPE
from course_utils.places import DATA

if TYPE_CHECKING:
    import keras

    from course_utils.language_model.decoder import Configuration

CONFIGURATION = {
    "layers": 2,
    "heads": 2,
    "kv heads": 1,
    "widths": [16, 32, 56, 88],
    "bytes": [1200, 6600, 36000],
    "held back": {"width": 128, "bytes": 55000},
    "repeated": [[16, 1200], [32, 6600]],
    "context": 96,
    "batch size": 8,
    "steps between validations": 25,
    "validations at most": 40,
    "learning rate": 0.03,
    "weight decay": 0.1,
    "draws": 300,
}
SEEDS = 3


def row_of(width: int, size: int) -> str:
    """Names a training by the width of its model and the bytes that it learns from."""
    return f"width {width}, {size:,} bytes"


POINTS = tuple(row_of(width, size) for width in CONFIGURATION["widths"] for size in CONFIGURATION["bytes"])
REPEATED = tuple(row_of(*point) for point in CONFIGURATION["repeated"])
HELD_BACK = row_of(*CONFIGURATION["held back"].values())
PREDICTION = f"prediction of {HELD_BACK}"
ROWS = (*POINTS, PREDICTION, HELD_BACK)


# --- the law ------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Law:
    """L = E + A · N^−a + B · D^−b: what no model can know, what a small one misses, what little text hides.

    Hoffmann et al., arXiv:2203.15556, equation 2. Introduced in lesson 10.

    Attributes:
        E: float, nats per token.
        A: float, of the model's size.
        a: float > 0, its power.
        B: float, of the data's size.
        b: float > 0, its power.
    """

    E: float
    A: float
    a: float
    B: float
    b: float

    def loss(self, parameters: float | np.ndarray, tokens: float | np.ndarray) -> np.ndarray:
        """Says the loss of a model: float, or float arrays of one shape, to nats per token likewise."""
        return self.E + self.A * np.asarray(parameters) ** -self.a + self.B * np.asarray(tokens) ** -self.b


def fit(parameters: np.ndarray, tokens: np.ndarray, losses: np.ndarray) -> Law:
    """Fits the law by least squares of log L, from several starts. Introduced in lesson 10.

    Args:
        parameters: float (n,), n ≥ 6, of each model.
        tokens: float (n,), learned from.
        losses: float (n,), nats per token.

    Returns:
        :class:`Law`, the best of all starts.

    Raises:
        CourseError: when there are fewer points than six, or the arrays differ in length.
    """
    from scipy.optimize import least_squares

    parameters, tokens, losses = (np.asarray(some, np.float64) for some in (parameters, tokens, losses))
    if not len(parameters) == len(tokens) == len(losses) > 5:
        raise CourseError(
            f"parameters, tokens and losses have {len(parameters)}, {len(tokens)} and {len(losses)} values;"
            " expected as many of each, and six at least: the law has five numbers."
        )
    # Around the middle of the points, where a change of the power does not change the height.
    middle = np.exp([np.log(parameters).mean(), np.log(tokens).mean()])

    def residuals(numbers: np.ndarray) -> np.ndarray:
        law = Law(*np.exp(numbers))
        return np.log(law.loss(parameters / middle[0], tokens / middle[1])) - np.log(losses)

    starts = [
        np.log([share * losses.min(), 0.2, power, 0.2, power]) for share in (0.3, 0.8) for power in (0.2, 0.6)
    ]
    found = min((least_squares(residuals, start) for start in starts), key=lambda result: result.cost)
    E, A, a, B, b = np.exp(found.x)
    return Law(float(E), float(A * middle[0] ** a), float(a), float(B * middle[1] ** b), float(b))


def residuals_of(law: Law, parameters: np.ndarray, tokens: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Gives log(measured / law), float (n,), times √(n / (n − 5)) because five numbers were fitted to it."""
    return np.log(losses / law.loss(parameters, tokens)) * np.sqrt(len(losses) / (len(losses) - 5))


def bootstrap(
    parameters: np.ndarray, tokens: np.ndarray, losses: np.ndarray, *, draws: int, seed: int
) -> list[Law]:
    """Fits the law again and again, to the fitted losses with the residuals dealt out anew.

    Points are not drawn: without the smallest or the largest a power says little. Efron & Tibshirani, "An
    Introduction to the Bootstrap" (1993), section 9.5. Introduced in lesson 10.

    Args:
        parameters: float (n,), as for :func:`fit`.
        tokens: float (n,).
        losses: float (n,).
        draws: int ≥ 1.
        seed: int.

    Returns:
        list of ``draws`` :class:`Law`.
    """
    law, rng = fit(parameters, tokens, losses), np.random.default_rng(seed)
    residuals, fitted = residuals_of(law, parameters, tokens, losses), law.loss(parameters, tokens)
    return [
        fit(parameters, tokens, fitted * np.exp(rng.choice(residuals, len(losses)))) for _ in range(draws)
    ]


# --- texts and the network ----------------------------------------------------------------------------------


@functools.cache
def tokenizer() -> ByteLevelBPE:
    """Gives the tokenizer without merges: a token is a byte."""
    return ByteLevelBPE.learn([], 256)


@functools.cache
def texts(split: str) -> np.ndarray:
    """Gives the English reviews and messages of a split in random order, always the same, each on a line.

    Args:
        split: "train", "validation" or "test".

    Returns:
        int32 (bytes,), tokens.
    """
    written = [
        *reviews.load("english").select(split=split).texts,
        *dict.fromkeys(reviews.load_messages().select(split=split).texts),
    ]
    order = np.random.default_rng(0).permutation(len(written))
    return np.array(tokenizer().encode("".join(f"{written[row]}\n" for row in order)), np.int32)


def configuration_of(width: int) -> "Configuration":
    """Gives the sizes of the model of a width, int."""
    from course_utils.language_model.decoder import Configuration

    layers, heads, groups = (CONFIGURATION[name] for name in ("layers", "heads", "kv heads"))
    return Configuration(layers, width, 8 * width // 3, heads, groups, len(tokenizer()))


def without_table(configuration: "Configuration") -> int:
    """Counts the parameters of a model without its table of tokens, as a law of scaling does."""
    return configuration.parameters() - configuration.vocabulary * configuration.width


def build(width: int) -> "keras.Model":
    """Builds the model of a width with random weights.

    Returns:
        Keras model from tokens, int32 (batch, context), to logits of the token after each, float32 (batch,
        context, 256).
    """
    import keras

    from course_utils.language_model.decoder import LanguageModel

    class NextToken(keras.Model):
        """A language model from tokens to logits."""

        def __init__(self) -> None:
            super().__init__()
            self.language = LanguageModel(configuration_of(width))

        def call(self, tokens: "keras.KerasTensor") -> "keras.KerasTensor":
            """See :func:`build`."""
            return self.language.logits(self.language(self.language.embed(tokens))[0])

    return NextToken()


def windows(tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cuts a text into contexts, side by side, and the token after each place; a rest is left out.

    Args:
        tokens: int (n,), longer than a context.

    Returns:
        two int arrays (windows, context).
    """
    context = CONFIGURATION["context"]
    count = (len(tokens) - 1) // context * context
    return tokens[:count].reshape(-1, context), tokens[1 : count + 1].reshape(-1, context)


def batches(tokens: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Gives batches without end: contexts that begin anywhere in a text, and the token after each place."""
    context = np.arange(CONFIGURATION["context"])
    while True:
        starts = rng.integers(len(tokens) - len(context), size=(CONFIGURATION["batch size"], 1))
        yield tokens[starts + context], tokens[starts + context + 1]


# --- runs ---------------------------------------------------------------------------------------------------


def train(width: int, size: int, *, seed: int) -> dict[str, float]:
    """Trains a model until its validation loss no longer falls, and scores it where that was lowest.

    Args:
        width: int, of the model.
        size: int, bytes of the training texts to learn from, the first ones.
        seed: int, for the first weights and the batches.

    Returns:
        dict of float: ``parameters`` without the table of tokens and ``all parameters``; ``tokens`` of data;
        ``loss`` on the test texts in nats per token, and ``loss per byte``, the same because a token is a
        byte; ``validation loss``; ``steps`` until then and ``epochs``, how often the data was seen.
    """
    import keras

    keras.utils.set_random_seed(seed)
    model, configuration = build(width), configuration_of(width)
    rate = CONFIGURATION["learning rate"] / width**0.5
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=CONFIGURATION["weight decay"], clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history = model.fit(
        batches(texts("train")[:size], np.random.default_rng(seed)),
        steps_per_epoch=CONFIGURATION["steps between validations"],
        epochs=CONFIGURATION["validations at most"],
        validation_data=windows(texts("validation")),
        callbacks=[
            keras.callbacks.ReduceLROnPlateau(factor=0.3, patience=1),
            keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True),
        ],
        shuffle=False,  # they begin anywhere
        verbose=0,
    ).history["val_loss"]
    loss = model.evaluate(*windows(texts("test")), verbose=0)
    steps = CONFIGURATION["steps between validations"] * (1 + int(np.argmin(history)))
    return {
        "parameters": without_table(configuration),
        "all parameters": configuration.parameters(),
        "tokens": size,
        "loss": loss,
        "loss per byte": loss,
        "validation loss": min(history),
        "steps": steps,
        "epochs": steps * CONFIGURATION["batch size"] * CONFIGURATION["context"] / size,
    }


def points(record: results.Recorded) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gives parameters, tokens and losses of seed 0 of :data:`POINTS`, three float arrays (12,)."""
    figures = {run["row"]: run["figures"] for run in record.runs if run["seed"] == 0}
    return tuple(
        np.array([figures[row][name] for row in POINTS]) for name in ("parameters", "tokens", "loss")
    )


def predict(record: results.Recorded) -> dict[str, float]:
    """Fits the law to the recorded points and predicts the one that is held back.

    Args:
        record: with all of :data:`POINTS`.

    Returns:
        dict of float: ``E``, ``A``, ``a``, ``B``, ``b`` and ``predicted loss`` in nats per token, each with
        the ends of its interval of 95 %, such as ``"a, low"`` and ``"a, high"``; that of the loss is for one
        more training, and so has the law's uncertainty and a residual in it. ``residual`` is the root mean
        square of the fit's relative errors.
    """
    measured, draws = points(record), CONFIGURATION["draws"]
    held_back = CONFIGURATION["held back"]
    size = without_table(configuration_of(held_back["width"]))
    law = fit(*measured)
    residuals = residuals_of(law, *measured)
    noise = np.exp(np.random.default_rng(1).choice(residuals, draws))

    def described(one: Law, times: float = 1.0) -> dict[str, float]:
        predicted = times * float(one.loss(size, held_back["bytes"]))
        return dataclasses.asdict(one) | {"predicted loss": predicted}

    figures = described(law)
    drawn = [described(*pair) for pair in zip(bootstrap(*measured, draws=draws, seed=0), noise, strict=True)]
    for name in tuple(figures):
        ends = np.quantile([one[name] for one in drawn], [0.025, 0.975])
        figures |= dict(zip((f"{name}, low", f"{name}, high"), ends, strict=True))
    return figures | {"residual": np.sqrt(np.mean(np.log(law.loss(*measured[:2]) / measured[2]) ** 2))}


def run(row: str, seed: int) -> dict[str, float]:
    """Trains a point, or predicts the one that is held back from what the record holds by then.

    Args:
        row: str, one of ROWS.
        seed: int, as for :func:`train`; nothing to a prediction.

    Returns:
        What :func:`train` or :func:`predict` gives.
    """
    if row == PREDICTION:
        # As it stands: while it is being made, the manifest does not know the file.
        stored = (DATA / "results" / "scaling.json").read_text(encoding="utf-8")
        return predict(results.Recorded(**json.loads(stored)))
    sizes = {
        row_of(width, size): (width, size)
        for width in CONFIGURATION["widths"]
        for size in CONFIGURATION["bytes"]
    }
    sizes[HELD_BACK] = tuple(CONFIGURATION["held back"].values())
    return train(*sizes[row], seed=seed)


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    seeds = results.seeds_from_command_line(__doc__, SEEDS)
    for rows, some in (
        (POINTS, seeds[:1]),
        (REPEATED, seeds[1:]),
        ((PREDICTION,), seeds[:1]),
        ((HELD_BACK,), seeds),
    ):
        results.record("scaling", CONFIGURATION, rows, some, run)
