"""What it costs to read 100 frames by prefix beam search, beside greedy decoding of the same frames.

    python -m tests.benchmarks.bench_ctc

It prints the milliseconds for one sequence of 30 letters: greedily, by a beam of 20, and by one that asks a
bigram model as well, with their ratios to greedy; then those of the forward algorithm and the best alignment.
All take turns. It ends with an error if the beam takes over 1,000 times as long as greedy decoding.
"""

import sys

import numpy as np

from course_utils.generation import ctc
from tests.benchmarks.bench_fusion import in_turns

FRAMES, LETTERS, WIDTH, LABELS = 100, "-abcdefghijklmnopqrstuvwxyz ',", 20, 30
MAX_RATIO = 1000


def main():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (FRAMES, len(LETTERS)))
    known = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    texts = ["".join(rng.choice(list(LETTERS[1:]), 40)) for _ in range(20)]
    model = ctc.BigramModel(texts, LETTERS, blank=0)
    labels = rng.integers(1, len(LETTERS), LABELS)
    steps = {
        "greedy": lambda: ctc.greedy_ctc(known[np.newaxis], [FRAMES], 0),
        f"beam of {WIDTH}": lambda: ctc.prefix_beam_search(known, blank=0, width=WIDTH),
        f"beam of {WIDTH}, bigram model": lambda: ctc.prefix_beam_search(
            known, blank=0, width=WIDTH, language_model=model, weight=0.5, insertion=1.0
        ),
        "forward algorithm": lambda: ctc.ctc_log_probability(known, labels, 0),
        "best alignment": lambda: ctc.best_alignment(known, labels, 0),
    }
    times = in_turns(list(steps.values()), rounds=15)
    print(f"{FRAMES} frames, {len(LETTERS)} letters, {LABELS} labels")
    for name, milliseconds in zip(steps, times, strict=True):
        print(f"  {name:26}{milliseconds:8.2f} ms, ratio to greedy {milliseconds / times[0]:6.1f}")
    return 0 if times[1] <= MAX_RATIO * times[0] else 1


if __name__ == "__main__":
    sys.exit(main())
