"""The folder is what it says, and a learner's copy of an earlier lesson still finds what it imports."""

import importlib
import importlib.util
import shutil
from pathlib import Path

import pytest

import course_utils
from course_utils import places

# What lessons of the first edition imported or named, and has moved since.
EARLIER = [
    ("course_utils", "doctor", "course_utils.command.doctor", None),
    ("course_utils", "editions", "course_utils.lessons.editions", None),
    ("course_utils.evaluation", "emap", "course_utils.evaluation.modalities", "emap"),
    ("course_utils.evaluation", "class_scores", "course_utils.evaluation.scores", "class_scores"),
    ("course_utils.features.cnn", "imagenet_vgg16", "course_utils.features.imagenet", "vgg16"),
    ("course_utils.experiments.fusion", "Pairs", "course_utils.datasets.pairs", "Pairs"),
    ("course_utils.experiments.fusion", "draw_digits", "course_utils.datasets.pairs", "draw_digits"),
    ("course_utils.experiments.fusion", "standardised", "course_utils.datasets.pairs", "standardised"),
]


@pytest.mark.parametrize(("module", "name", "home", "inside"), EARLIER)
def test_what_a_copy_of_an_earlier_lesson_asks_for_is_found(module, name, home, inside):
    found = getattr(importlib.import_module(module), name)
    now = importlib.import_module(home)
    assert found is (getattr(now, inside) if inside else now)


def test_a_name_that_never_was_is_still_no_attribute():
    assert not hasattr(course_utils, "evaluations")
    with pytest.raises(ImportError, match="doctors"):
        from course_utils import doctors  # noqa: F401


@pytest.mark.parametrize("name", ["NOTEBOOKS", "TEMPLATE", "DATA", "TESTS"])
def test_every_place_is_there_and_inside_the_course(name):
    place = getattr(places, name)
    assert place.exists()
    assert place.is_relative_to(places.ROOT)


def test_a_package_that_pip_installed_alone_knows_it_and_keeps_nothing_beside_other_packages(tmp_path):
    (tmp_path / "course_utils").mkdir()
    (tmp_path / "multimodal_course-1.0.0.dist-info").mkdir()
    copy = shutil.copy(places.__file__, tmp_path / "course_utils")
    spec = importlib.util.spec_from_file_location("places_alone", copy)
    alone = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alone)
    assert alone.ALONE and not places.ALONE
    assert alone.CACHE.parent == Path.home() and places.CACHE.parent == places.ROOT
    sentence = (
        "installed here as a package alone, without the course's data and lessons: unpack the learner kit"
    )
    assert sentence in alone.way_back(alone.DATA) and sentence not in places.way_back(places.DATA)
