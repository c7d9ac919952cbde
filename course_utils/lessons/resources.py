"""Where to go on after the course: courses, repositories and papers. Shown in lesson 13."""

from typing import NamedTuple

from course_utils.lessons.translation import Passage
from course_utils.words import in_this_folder

__all__ = ["CATALOGUE", "KINDS", "LEVELS", "RESOURCES", "Resource", "offered", "table"]

CATALOGUE = "resources"
"""The catalogue of what is said of them."""
KINDS = ("course", "repository", "paper")
LEVELS = ("beginner", "intermediate", "advanced")
_COLUMNS = ("what", "language", "level", "what it gives", "whom it suits")


class Resource(NamedTuple):
    """One of them.

    Attributes:
        name: str, its title, of a paper with its year.
        kind: str out of KINDS.
        link: str, https.
        language: str.
        level: str out of LEVELS.
        gives: str, what is in it.
        suits: str, for whom it is.
    """

    name: str
    kind: str
    link: str
    language: str
    level: str
    gives: str
    suits: str


RESOURCES = (
    Resource(
        "Deep Learning Specialization",
        "course",
        "https://www.coursera.org/specializations/deep-learning",
        "English, Chinese subtitles",
        "beginner",
        "five Coursera courses: networks by hand, tuning, how to run a project, CNN, sequences",
        "who wants the mathematics of lessons 02 to 04 told slowly, in videos; certificates cost money",
    ),
    Resource(
        "Dive into Deep Learning 动手学深度学习",
        "course",
        "https://d2l.ai",
        "English and Chinese",
        "beginner",
        "a free book in notebooks, each layer built by hand and then taken from a framework",
        "who wants more of lessons 02 to 05 in the same manner, in either language",
    ),
    Resource(
        "Community Computer Vision Course",
        "course",
        "https://huggingface.co/learn/computer-vision-course",
        "English",
        "intermediate",
        "from convolutions to multimodal models in thirteen units, with code for the Transformers library",
        "who has worked through lessons 02, 05 and 06 and wants large pretrained models",
    ),
    Resource(
        "11-777 Multimodal Machine Learning",
        "course",
        "https://cmu-multicomp-lab.github.io/mmml-course/fall2022/",
        "English",
        "advanced",
        "a semester at Carnegie Mellon: readings and recorded lectures on representation, alignment, fusion",
        "who wants the theory behind lessons 05 to 08, and a project of months",
    ),
    Resource(
        "keras.io examples",
        "repository",
        "https://github.com/keras-team/keras-io",
        "English",
        "intermediate",
        "hundreds of short programs in Keras, the multimodal ones among them",
        "who builds on this course's tools; compare each with lesson 05's list of what goes wrong",
    ),
    Resource(
        "LLMs from scratch",
        "repository",
        "https://github.com/rasbt/LLMs-from-scratch",
        "English",
        "intermediate",
        "a language model in PyTorch, line by line, from tokens to instructions",
        "who wants part II of lesson 10 at full length",
    ),
    Resource(
        "OpenCLIP",
        "repository",
        "https://github.com/mlfoundations/open_clip",
        "English",
        "intermediate",
        "CLIP models that can be loaded in a line, and the code that trained them",
        "who wants lesson 06 with pictures of the whole world; needs a download of hundreds of megabytes",
    ),
    Resource(
        "nanoVLM",
        "repository",
        "https://github.com/huggingface/nanoVLM",
        "English",
        "intermediate",
        "a language model that sees, in a few files of plain PyTorch (its tag v0.1)",
        "who wants section 6 of lesson 10 at a size that is of use; training needs a GPU",
    ),
    Resource(
        "MultiBench",
        "repository",
        "https://github.com/pliang279/MultiBench",
        "English",
        "advanced",
        "data sets, fusions and tests of robustness over ten modalities, behind one interface",
        "who wants to try a new fusion on tasks of others",
    ),
    Resource(
        "cleanlab",
        "repository",
        "https://github.com/cleanlab/cleanlab",
        "English",
        "intermediate",
        "finds labels that are likely wrong, from the probabilities of any classifier",
        "who faces section 4 of this lesson with a hundred thousand items",
    ),
    Resource(
        "Awesome Multimodal Large Language Models",
        "repository",
        "https://github.com/BradyFU/Awesome-Multimodal-Large-Language-Models",
        "English",
        "advanced",
        "a list of papers and benchmarks that is kept up to date",
        "who asks what came out this month",
    ),
    Resource(
        "Foundations and Trends in Multimodal Machine Learning, 2022",
        "paper",
        "https://arxiv.org/abs/2209.03430",
        "English",
        "advanced",
        "six challenges that order the field, with hundreds of references",
        "who wants one map before reading anything else",
    ),
    Resource(
        "Model Cards for Model Reporting, 2018",
        "paper",
        "https://arxiv.org/abs/1810.03993",
        "English",
        "beginner",
        "what a page about a model has to say, with two examples",
        "everybody who gives a model to others; the report of section 1 grew from it",
    ),
    Resource(
        "Pervasive Label Errors in Test Sets, 2021",
        "paper",
        "https://arxiv.org/abs/2103.14749",
        "English",
        "intermediate",
        "errors found in ten famous test sets, and rankings that turn round without them",
        "who believes a label because it is in a famous set",
    ),
)


def table(kind: str) -> str:
    """Gives the resources of a kind as a Markdown table, in the language of the folder that a lesson runs in.

    Args:
        kind: str out of KINDS.

    Returns:
        str; in English what is not translated.
    """
    lines = [_row(*map(_said, _COLUMNS)), "|---|---|---|---|---|"]
    lines += [
        _row(f"[{row.name}]({row.link})", *map(_said, (row.language, row.level, row.gives, row.suits)))
        for row in RESOURCES
        if row.kind == kind
    ]
    return "\n".join(lines)


def offered() -> list[Passage]:
    """Lists what of the tables can be translated, in their order.

    Returns:
        list of :class:`~course_utils.lessons.translation.Passage`, each text once.
    """
    words = dict.fromkeys([*_COLUMNS, *LEVELS, *(row.language for row in RESOURCES)])
    rows = [Passage(row.name, text) for row in RESOURCES for text in (row.gives, row.suits)]
    return [*(Passage("table", word) for word in words), *rows]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _said(text: str) -> str:
    return in_this_folder(text, CATALOGUE)
