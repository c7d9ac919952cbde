"""The tests that every lesson's table of right and wrong answers goes through."""

import ast
import functools
import re

import nbformat
import numpy as np
import pytest

from course_utils.checks import CheckFailed
from course_utils.lessons.messages import Phrasebook
from course_utils.lessons.templates import COMMON, catalogue_of_checks, offered
from course_utils.places import NOTEBOOKS, ROOT

HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)

# What an answer returns by mistake, whatever was asked.
NO_RESULTS = {
    "text": "12",
    "a dictionary": {"a": 1.0},
    "a set": {1.0},
    "a ragged list": [[1.0], [1.0, 2.0]],
    "a list of text": ["a", "b"],
    "None": None,
    "twice None": (None, None),
    "thrice None": (None, None, None),
    "a function": len,
    "an object": object(),
}


@functools.cache
def code_cells(lesson):
    """Give the sources of a lesson's code cells by their names (grade_id, or else the cell's id)."""
    [path] = [*NOTEBOOKS.glob(f"{lesson}_*.ipynb"), *(ROOT / "docs/template").glob(f"{lesson}_*.ipynb")]
    cells = nbformat.read(path, as_version=4).cells
    return {
        cell.metadata.get("nbgrader", {}).get("grade_id", cell.id): cell.source
        for cell in cells
        if cell.cell_type == "code"
    }


def imported(lesson, tests):
    """Run those import statements of a lesson whose names hidden tests use: these have no others."""
    used, names = {node.id for node in ast.walk(ast.parse(tests)) if isinstance(node, ast.Name)}, {}
    for source in code_cells(lesson).values():
        lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
        try:
            body = ast.parse("\n".join(lines)).body
        except SyntaxError:  # the rest of a cell whose magic command was taken away
            continue
        imports = [
            statement
            for statement in body
            if isinstance(statement, ast.Import | ast.ImportFrom)
            and used & {(name.asname or name.name).split(".")[0] for name in statement.names}
        ]
        exec(compile(ast.Module(imports, []), "<imports>", "exec"), names)
    return names


def hidden_tests(number, answer):
    """Put an answer through the hidden tests of an exercise, as the source notebook has them."""
    lesson, place = number.split(".")
    lesson = lesson.zfill(2)
    source = code_cells(lesson)[f"ex-{lesson}-{place}-check"]
    [signature] = re.findall(r"^def (\w+)", code_cells(lesson)[f"ex-{lesson}-{place}-answer"], re.MULTILINE)
    [tests] = HIDDEN.findall(source)
    exec(
        compile(tests, f"<hidden tests of {number}>", "exec"), {**imported(lesson, tests), signature: answer}
    )


def accepts(number, answer):
    """Say whether the hidden tests of an exercise accept an answer."""
    try:
        with np.errstate(all="ignore"):
            hidden_tests(number, answer)
    except Exception:  # whatever stops a test refuses the answer
        return False
    return True


@functools.cache
def phrasebook(number):
    """Give what takes the messages of an exercise's check apart; it translates nothing."""
    names = (COMMON, catalogue_of_checks(number.split(".")[0].zfill(2)))
    return Phrasebook({passage.text: None for name in names for passage in offered(name)})


def table_of_tests(exercises):
    """Make the tests of a lesson's exercises.

    Args:
        exercises: dict from an exercise's number to (its check, dict of right answers, dict of wrong answers
            with a regular expression that the hint must match).

    Returns:
        Five test functions. Right answers pass the check and the hidden tests; wrong ones get their hint, and
        only that; each exercise's hidden tests see some of the wrong ones too; what is no result at all is
        refused in a sentence that blames no error on the answer; an empty answer is told what to do.
    """

    @pytest.mark.parametrize(
        ("number", "name"), [(number, name) for number, (_, right, _) in exercises.items() for name in right]
    )
    def test_right_answers_pass(number, name, capsys):
        check, right, _ = exercises[number]
        check(right[name])
        assert f"Exercise {number} passed" in capsys.readouterr().out
        hidden_tests(number, right[name])

    @pytest.mark.parametrize(
        ("number", "name"), [(number, name) for number, (*_, wrong) in exercises.items() for name in wrong]
    )
    def test_wrong_answers_get_their_hint(number, name):
        check, _, wrong = exercises[number]
        answer, hint = wrong[name]
        # A wrong answer may divide by zero on its way.
        with pytest.raises(CheckFailed, match=hint) as caught, np.errstate(all="ignore"):
            check(answer)
        # Or it could be given in no other language.
        assert phrasebook(number).knows(str(caught.value)), caught.value

    @pytest.mark.parametrize("number", exercises)
    def test_hidden_tests_refuse_wrong_answers_too(number):
        *_, wrong = exercises[number]
        assert not all(accepts(number, answer) for answer, _ in wrong.values())

    @pytest.mark.parametrize(
        ("number", "name"), [(number, name) for number in exercises for name in [*NO_RESULTS, "a generator"]]
    )
    def test_what_is_no_result_is_refused_in_a_sentence(number, name):
        def answer(*_):
            return (one for one in [1.0]) if name == "a generator" else NO_RESULTS[name]

        with pytest.raises(CheckFailed) as caught:
            exercises[number][0](answer)
        assert not re.search("stopped with|cannot be checked|Error", str(caught.value))
        assert phrasebook(number).knows(str(caught.value)), caught.value

    @pytest.mark.parametrize("number", exercises)
    def test_an_empty_answer_is_told_what_to_do(number):
        def untouched(*arguments):
            raise NotImplementedError

        with pytest.raises(CheckFailed, match=f"Exercise {number} is still empty"):
            exercises[number][0](untouched)

    return (
        test_right_answers_pass,
        test_wrong_answers_get_their_hint,
        test_hidden_tests_refuse_wrong_answers_too,
        test_what_is_no_result_is_refused_in_a_sentence,
        test_an_empty_answer_is_told_what_to_do,
    )
