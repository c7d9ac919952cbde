"""The terms of the Chinese edition: which are strict, and that another name for one of them is an error."""

from course_utils.command import translate
from course_utils.lessons import proofreading
from course_utils.lessons.catalogues import COURSE, TERMS, Catalogue, Entry, folder_of
from course_utils.lessons.translation import Passage

FOLDER = folder_of("zh_CN")
# fmt: off
CORE = {
    "accuracy", "attention", "baseline", "batch", "caption", "chance", "contrastive loss", "CTC", "decoder",
    "distillation", "dropout", "embedding", "encoder", "epoch", "feature", "fine-tuning", "gradient",
    "hallucination", "kernel", "key", "layer normalisation", "learning rate", "logit", "loss", "mask",
    "normalisation", "over-fitting", "padding", "pruning", "quantisation", "query", "receptive field",
    "residual", "retrieval", "seed", "softmax", "stride", "test set", "token", "training set", "transformer",
    "validation set", "value", "weight",
}
# fmt: on


def test_a_strict_term_by_another_name_is_wrong():
    table = proofreading.read_terms(FOLDER / TERMS).values()
    strict = [term.english for term in table if term.strict]
    wrong = [Passage("cell", f"Here it says {english} to you.") for english in strict]
    catalogue = Catalogue("", "zh_CN", {passage: Entry(passage, "这里说的是别的。") for passage in wrong})
    findings = [finding for finding in translate.findings_in(catalogue, FOLDER, COURSE) if finding.serious]
    named = [finding.sentence for finding in findings if "in the table of terms" in finding.sentence]
    assert [sentence.split("”")[0][1:] for sentence in named] == strict
    assert set(strict) >= CORE
