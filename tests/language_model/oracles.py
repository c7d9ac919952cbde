"""What KerasHub and the package tokenizers say, stored, so that tests compare with them without having them.

    python -m tests.language_model.oracles

writes ``oracles.json`` beside this file. It needs keras-hub and tokenizers, which the course does not
install, and SmolLM2. Stored are logits of a small Llama with seeded weights, logits of SmolLM2 for the
likeliest next tokens of some texts, and a fingerprint of the tokens of each of 1,000 lines in many scripts.
"""

import hashlib
import json
import unicodedata
from pathlib import Path

import numpy as np

from course_utils.datasets import emoji, parallel, reviews
from course_utils.language_model import smollm2
from course_utils.language_model.decoder import Configuration, LanguageModel

FILE = Path(__file__).with_name("oracles.json")
SMALL = Configuration(layers=2, width=32, hidden=48, heads=4, kv_heads=2, vocabulary=40, theta=500.0)
TEXTS = (
    "The capital of France is",
    "A banjo is an animal. True or false? Answer:",
    "def add(a, b):\n    return",
    "多模态模型 reads 2 pictures 🐈 and",
    "<|im_start|>user\nWhat is a cat?<|im_end|>\n<|im_start|>assistant\n",
)

# First and last character of a script, a block or a kind of sign.
_RANGES = (
    "az AZ 09 ¡ÿ Āſ ɐʯ ̀ͯ ͰϿ Ѐӿ Աֆ את ؀ۿ ܐܯ ऀॿ ঀ৿ ਁ੶ ଁ୷ ஂ௺ ఁ౿ ಀೲ ഁൿ กๅ ກໟ ཀྼ ကႏ აჿ 가힣 ሀ፼ ᎠᏴ កៜ ᠠᡷ"
    " ぁゖ ァヺ 一龥 ㄅㄩ ！～ ０９ ٠٩ ०९ ๐๙ ①⑳ Ⅰↈ ¼¾ ℀⅏ ←⇿ ∀⋿ ─╿ ■◿ ☀⛿ ✀➿ 😀🙏 🌀🗿 🚀🛅"
    " 𝐀𝑚 𐌰𐍊 𓀀𓂀 𠀀𠂀 !/ :@ [` {~"
)
_SPACES = (
    " ",
    " ",
    " ",
    " ",
    "  ",
    "   ",
    "\t",
    "\n",
    "\n\n",
    " \n ",
    "\u3000",
    "\u00a0",
    "\u2003",
    "",
    "'s ",
    "'ll ",
)


def lines(count: int = 1000, seed: int = 0) -> list[str]:
    """Half of them are the course's own texts, half random words of many scripts."""
    rng = np.random.default_rng(seed)
    pairs = parallel.load()
    own = [*reviews.load().texts, *reviews.load("chinese").texts, *pairs.english, *pairs.chinese]
    own += [" ".join(names) for names in zip(emoji.load(("noto",)).names, strict=True)]
    found = [own[place] for place in rng.permutation(len(own))[: count // 2]]
    scripts = [
        [chr(code) for code in range(ord(first), ord(last) + 1) if unicodedata.category(chr(code)) != "Cn"]
        for first, last in _RANGES.split()
    ]
    while len(found) < count:
        parts = []
        for _ in range(rng.integers(1, 12)):
            script = scripts[rng.integers(len(scripts))]
            parts += [*rng.choice(script, rng.integers(1, 9)), _SPACES[rng.integers(len(_SPACES))]]
        found.append("".join(parts))
    return found


def fingerprint(ids: list[int]) -> str:
    """Eight digits for a line's tokens."""
    return hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:8]


def small_model() -> LanguageModel:
    """A model whose weights are drawn one after the other, so that they can be drawn again."""
    rng = np.random.default_rng(0)
    model = LanguageModel(SMALL)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape, scale=0.2) + (weight.path.endswith("scale")))
    return model


def small_tokens() -> np.ndarray:
    return np.random.default_rng(1).integers(0, SMALL.vocabulary, (2, 11))


def _backbone_of(model: LanguageModel) -> object:
    """KerasHub's Llama with the weights of a model of ours."""
    import keras_hub

    c = model.configuration
    backbone = keras_hub.models.LlamaBackbone(
        vocabulary_size=c.vocabulary,
        num_layers=c.layers,
        num_query_heads=c.heads,
        hidden_dim=c.width,
        intermediate_dim=c.hidden,
        num_key_value_heads=c.kv_heads,
        rope_max_wavelength=c.theta,
        layer_norm_epsilon=c.epsilon,
        tie_word_embeddings=True,
    )
    backbone.token_embedding.embeddings.assign(model.table.embeddings)
    backbone.layer_norm.scale.assign(model.norm.scale)
    for theirs, ours in zip(backbone.transformer_layers, model.blocks, strict=True):
        attention = theirs._self_attention_layer
        for layer, name in [
            (attention._query_dense, "q"),
            (attention._key_dense, "k"),
            (attention._value_dense, "v"),
            (attention._output_dense, "o"),
            (theirs._feedforward_gate_dense, "gate"),
            (theirs._feedforward_intermediate_dense, "up"),
            (theirs._feedforward_output_dense, "down"),
        ]:
            kernel = np.asarray(getattr(ours, name).kernel)
            layer.kernel.assign(kernel.reshape(layer.kernel.shape))
        theirs._self_attention_layernorm.scale.assign(ours.norm1.scale)
        theirs._feedforward_layernorm.scale.assign(ours.norm2.scale)
    return backbone


def _logits(backbone: object, ids: np.ndarray) -> np.ndarray:
    hidden = backbone({"token_ids": ids, "padding_mask": np.ones_like(ids)})
    return np.asarray(backbone.token_embedding(hidden, reverse=True))


def _tokenizer(settings: dict) -> object:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens = settings["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in settings["tokenizer.ggml.merges"]]
    made = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, merges))
    digits, level = (
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    )
    made.pre_tokenizer, made.decoder = pre_tokenizers.Sequence([digits, level]), decoders.ByteLevel()
    kinds = settings["tokenizer.ggml.token_type"]
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == 3]
    made.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    return made


def main() -> None:
    """Writes the file, and says how far the course's own is from it."""
    from course_utils.language_model.gguf import read_gguf

    small, ids = small_model(), small_tokens()
    theirs = _logits(_backbone_of(small), ids)
    ours = np.asarray(small.logits(small(small.embed(ids))[0]))
    print(f"small model: largest difference of logits {np.abs(theirs - ours).max():.1e}")
    content = {"small": np.round(theirs.astype(float), 6).tolist(), "texts": []}

    tokenizer = _tokenizer(read_gguf(smollm2.path())[0])
    all_lines = lines()
    content["lines"] = [fingerprint(tokenizer.encode(line).ids) for line in all_lines]
    model, own = smollm2.load()
    same = [own.encode(line) == tokenizer.encode(line).ids for line in all_lines]
    count = sum(len(own.encode(line)) for line in all_lines)
    print(f"tokens: {sum(same)} of {len(same)} lines equal, {count} tokens")

    backbone = _backbone_of(model)
    for text in TEXTS:
        ids = np.array([tokenizer.encode(text).ids])
        theirs = _logits(backbone, ids)
        ours = np.asarray(model.logits(model(model.embed(ids))[0]))
        print(f"SmolLM2: largest difference of logits {np.abs(theirs - ours).max():.1e}, {ids.size} tokens")
        best = np.argsort(-theirs[0, -1])[:10]
        content["texts"].append(
            {"tokens": best.tolist(), "logits": theirs[0, -1, best].astype(float).round(5).tolist()}
        )
    FILE.write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
