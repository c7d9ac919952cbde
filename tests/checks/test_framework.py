"""The framework that all exercise checks stand on."""

import contextlib
import subprocess
import sys
import types

import numpy as np
import pytest

from course_utils import checks
from course_utils.checks import (
    CheckFailed,
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_model,
    expect_number,
    expect_parts,
    name_mistake,
)
from course_utils.lessons import messages
from course_utils.places import ROOT
from tests.checks import tables


@exercise("9.9", "two and two is four")
def addition(my_add):
    expect(my_add(2, 2) == 4, f"2 + 2 gave {my_add(2, 2)}.")


def untouched(a, b):
    raise NotImplementedError()


def broken(a, b):
    return a + undefined_name  # noqa: F821


def test_pass_prints_what_was_verified(capsys):
    addition(lambda a, b: a + b)
    assert capsys.readouterr().out == "Exercise 9.9 passed: two and two is four.\n"


def test_untouched_answer_says_what_to_do():
    with pytest.raises(CheckFailed, match=r"9\.9 is still empty.*Shift\+Enter"):
        addition(untouched)


def test_error_in_the_answer_is_quoted_with_its_line():
    with pytest.raises(CheckFailed, match=r"NameError: name 'undefined_name'.*`return a \+ undefined_name"):
        addition(broken)


def half_written(a, b):
    if a > 1:
        raise NotImplementedError()
    return a + b


def says_why(a, b):
    raise NotImplementedError("large numbers are still empty")


def asks_a_library(a, b):
    return keras_like.call(a)


keras_like = types.SimpleNamespace()
exec(
    compile("def call(x):\n    raise NotImplementedError()\n", "/site-packages/keras.py", "exec"),
    vars(keras_like),
)


def hides_it(a, b):
    try:
        return untouched(a, b)
    except NotImplementedError:
        return 5


@pytest.mark.parametrize("answer", [half_written, says_why, asks_a_library])
def test_an_error_of_the_answers_own_is_not_taken_for_an_empty_answer(answer):
    with pytest.raises(CheckFailed, match=r"Your code stopped with NotImplementedError.* in line") as caught:
        addition(answer)
    assert not isinstance(caught.value, checks.StillEmpty)


@pytest.mark.parametrize(("answer", "hinted"), [(half_written, True), (says_why, False)])
def test_a_stub_that_was_left_below_an_answer_is_pointed_at(answer, hinted):
    with pytest.raises(CheckFailed) as caught:
        addition(answer)
    assert ("still stand where your answer was to come" in str(caught.value)) == hinted


def test_an_empty_answer_is_a_state_of_its_own():
    for answer in (untouched, lambda a, b: untouched(a, b)):
        with pytest.raises(checks.StillEmpty):
            addition(answer)
    with pytest.raises(CheckFailed, match="2 gave 5"):
        addition(hides_it)


def calls_itself(a, b):
    return calls_itself(a, b)


def complains(a, b):
    raise ValueError("There are no numbers.")


def test_a_sentence_that_an_error_ends_is_gone_on_with():
    with pytest.raises(CheckFailed, match="ValueError: There are no numbers in line"):
        addition(complains)


@pytest.mark.parametrize("own", [None, "nothing"])
def test_an_answer_that_calls_itself_for_ever_is_blamed_for_it(own):
    check = exercise("9.7", "nothing", own=own)(lambda my: my(1, 2))
    with pytest.raises(CheckFailed, match=r"^Your code stopped with RecursionError.* in line .*calls_itself"):
        check(calls_itself)


def test_an_error_of_what_the_check_gives_to_the_answer_is_the_answers():
    """As a function of the check that is given a shape it cannot work with."""
    check = exercise("9.7", "nothing")(lambda my: my(checks.expect_number))
    with pytest.raises(CheckFailed, match=r"^Your code stopped with TypeError.* in line .*number\(\)"):
        check(lambda number: number())


@exercise("9.8", "lengths are right")
def lengths(my_lengths):
    expect(len(my_lengths("abc")) == 1, "one")


@pytest.mark.parametrize("answer", [lambda text: 3, lambda text: None])
def test_an_error_in_the_check_is_not_blamed_on_a_line_of_the_answer(answer):
    with pytest.raises(CheckFailed, match=r"What your function returned cannot be checked: TypeError"):
        lengths(answer)


def test_an_error_of_a_library_is_the_answers_if_the_answer_called_it():
    with pytest.raises(CheckFailed, match=r"stopped with ValueError.*`return np.zeros"):
        addition(lambda a, b: shapes(a))


def shapes(a):
    return np.zeros(2) + np.zeros(3)


def test_failure_is_an_assertion_error_without_traceback():
    with pytest.raises(AssertionError) as caught:
        addition(lambda a, b: 5)
    assert caught.value._render_traceback_() == ["Not yet. 2 + 2 gave 5."]


def test_what_a_library_raises_for_an_answer_that_is_its_own_function_is_the_answers():
    with pytest.raises(CheckFailed, match=r"^Your code stopped with LinAlgError"):
        exercise("9.7", "nothing")(lambda my: my(np.ones((2, 3)), np.ones((2, 3))))(np.linalg.solve)


@pytest.mark.parametrize(
    ("argument", "change", "kind"),
    [
        (np.ones(3), lambda a: a.sort() or a.fill(2), "arrays"),
        (np.full(2, np.nan), lambda a: a.fill(0), "arrays"),
        ([[1], [2]], lambda a: a[1].append(3), "lists"),
        ([np.ones(2), np.full(2, np.nan)], lambda a: a[1].fill(2), "lists"),
        ([np.ones(2), np.ones(2)], lambda a: a.pop(), "lists"),
        ({1, 2}, lambda a: a.pop(), "sets"),
        ({"a": 1}, lambda a: a.update(a=2), "dicts"),
        ({"a": np.ones(2), "b": [1]}, lambda a: a["a"].fill(2), "dicts"),
        ({"a": np.ones(2), "b": [1]}, lambda a: a["b"].append(2), "dicts"),
        ({"a": np.full(2, np.nan)}, lambda a: a.pop("a"), "dicts"),
    ],
)
def test_every_check_notices_a_changed_argument(argument, change, kind):
    check = exercise("9.7", "nothing")(lambda my: my(argument))
    with pytest.raises(CheckFailed, match=f"changed the {kind} it was given"):
        check(change)
    check(lambda a: None)


def test_an_answer_may_draw_from_a_generator():
    check = exercise("9.7", "drawn")(lambda my: expect(my(np.random.default_rng(0)) < 1, "large"))
    check(lambda rng: rng.random())


def test_the_function_that_is_to_be_written_is_noticed_under_any_name():
    check = exercise("9.7", "written", own=r".*\.shapes")(lambda my: my(1))
    with pytest.raises(CheckFailed, match=r"calls `.*shapes`, which does what you are asked to write"):
        check(lambda a, other=helped: other())
    check(lambda a: a)


def helped():
    try:
        shapes(1)
    except ValueError:
        return 1


def test_what_is_no_function_is_said_to_be_none():
    with pytest.raises(CheckFailed, match="wants your function; this is a float"):
        addition(0.5)


@pytest.mark.parametrize(("given", "found"), [((), "0 things"), ((min, max), "2 things")])
def test_a_check_without_its_function_says_how_it_is_called(given, found):
    with pytest.raises(CheckFailed, match=rf"`check.addition\(my_add\)`; found {found} in the parentheses"):
        addition(*given)


NO_NUMBERS = [
    (value, message)
    for value, message in [
        (None, "without `return`"),
        ("12", "is text; expected numbers"),
        ({"a": 1}, "is a dictionary; expected numbers"),
        ((one for one in [1]), "is a generator.*collect its values in a list"),
        (len, "is a function: call it"),
        ([[1], [1, 2]], "rows differ in length"),
        ((None, None), "not everything is a number"),
    ]
]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        *NO_NUMBERS,
        (np.zeros((3, 2)), r"shape \(3, 2\), expected \(2, 3\)\. Turn it round\."),
        (np.zeros((2, 3), int), "dtype int64, expected floating.*fractions are lost"),
        (np.zeros((2, 3), complex), r"dtype complex128, expected floating\.$"),
    ],
)
def test_expect_array_names_what_is_wrong(value, message):
    with pytest.raises(CheckFailed, match=message):
        expect_array(value, (2, 3), np.floating, "it", [((3, 2), "Turn it round.")])


def test_expect_array_asks_for_what_the_task_calls_it():
    for value, kind in [({1}, "a set"), (["a"], "a list in which .*")]:
        with pytest.raises(CheckFailed, match=f"^it is {kind}; expected a list of whole numbers.$"):
            expect_array(value, None, np.integer, "it", asked="a list of whole numbers")


def test_lists_tensors_and_numbers_stand_for_arrays():
    from course_utils import runtime

    runtime.start()
    import keras

    wanted = np.array([[1.0, 2.0]])
    for value in ([[1, 2]], ((1.0, 2.0),), [np.array([1, 2.0])], keras.ops.convert_to_tensor(wanted)):
        assert np.array_equal(expect_array(value, (1, 2), np.floating, "it"), wanted)
    assert expect_array([], (0,), np.floating, "it").shape == (0,)
    for value in (2, 2.0, np.float32(2), np.array(2.0), keras.ops.convert_to_tensor(2.0)):
        assert expect_number(value, "it") == 2
    assert expect_parts([1, 2], "ab") == [1, 2] and expect_parts(np.ones((2, 3)), "ab")[1].shape == (3,)


@pytest.mark.parametrize(
    ("value", "message"), [*NO_NUMBERS, (np.ones(1), r"shape \(1,\), expected one number"), (1j, "complex")]
)
def test_expect_number_names_what_is_wrong(value, message):
    with pytest.raises(CheckFailed, match=message):
        expect_number(value, "it")


def test_a_whole_number_is_told_from_a_float():
    assert expect_number(np.int64(3), "it", whole=True) == 3
    with pytest.raises(CheckFailed, match=r"is 3\.0\. Return whole numbers"):
        expect_number(3.0, "it", whole=True)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "without `return`"),
        ("ab", "Return two things, `return a, b`; found text"),
        ((1,), r"found 1 thing\."),
        ((1, 2, 3), r"found 3 things\."),
        ((1, None), "`b` is None"),
        (3, "found an int"),
        (np.zeros((3, 2)), r"found one array of shape \(3, 2\)"),
    ],
)
def test_expect_parts_names_what_is_wrong(value, message):
    with pytest.raises(CheckFailed, match=message):
        expect_parts(value, ("a", "b"))


def test_expect_model_names_what_is_wrong():
    with pytest.raises(CheckFailed, match=r"Return a Keras model.*; found a function"):
        expect_model(len)


def test_expect_close_prefers_the_hint_of_a_known_mistake():
    expected = np.array([1.0, 2.0])
    expect_close(expected + 1e-6, expected, "it")
    with pytest.raises(CheckFailed, match="you forgot the sign"):
        expect_close(-expected, expected, "it", mistakes=[(-expected, "you forgot the sign")])
    with pytest.raises(CheckFailed, match=r"it at index \(1,\) is 5, expected 2\."):
        expect_close(np.array([1.0, 5.0]), expected, "it", mistakes=[(-expected, "you forgot the sign")])
    with pytest.raises(CheckFailed, match="is nan"):
        expect_close(np.array([1.0, np.nan]), expected, "it")
    for value in ([], [1.0], [[1.0, 2.0]]):
        with pytest.raises(CheckFailed, match=r"it has shape .*, expected \(2,\)"):
            expect_close(np.array(value), expected, "it")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a * 0, "All of your numbers are 0"),
        (lambda a: a * 2.5, "Every number is 2.5 times"),
        (lambda a: a - 3, "Every number is too large by -3"),
        (lambda a: a[::-1], "in another order"),
        (lambda a: np.where(a > 2, 0, a), "Of 4 numbers 2 are wrong"),
        (lambda a: a / 0, "NaN or infinity comes from"),
        (lambda a: a**3 + 1, r"is 65, expected 4\.$"),
    ],
)
def test_expect_close_says_what_wrong_numbers_have_in_common(change, message):
    expected = np.array([1.0, 2.0, 3.0, 4.0])
    with pytest.raises(CheckFailed, match=message), np.errstate(all="ignore"):
        expect_close(change(expected), expected, "it")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3), "An axis of length 1 is gone"),
        ((1, 2, 1, 3), "As many axes|of length 1 is left over|4 axes instead of 3"),
        ((3, 2, 1), "axes are in another order"),
        ((1, 2, 4), "of other lengths"),
        ((2,), "1 axes instead of 3"),
    ],
)
def test_expect_array_says_what_two_shapes_have_to_do_with_each_other(shape, message):
    with pytest.raises(CheckFailed, match=message):
        expect_array(np.zeros(shape), (1, 2, 3), np.floating, "it")


@pytest.mark.parametrize(
    ("stops", "hint"),
    [
        (lambda a, b: np.zeros(2) + np.zeros(3), "Two shapes do not fit"),
        (lambda a, b: 1 if np.zeros(2) == 0 else 2, "decide for each entry"),
        (lambda a, b: np.subtract(np.zeros(2, int), 0.5, out=np.zeros(2, int)), "makes a new array"),
        (lambda a, b: max([]), "nothing to take it of"),
        (lambda a, b: np.split(np.zeros((3, 4)), 4), "cuts rows unless told otherwise"),
    ],
)
def test_what_a_library_says_when_it_stops_is_explained(stops, hint):
    with pytest.raises(CheckFailed, match=rf"Your code stopped with .*`\. .*{hint}"):
        addition(stops)


def test_what_a_library_says_is_explained_by_the_exercise_before_the_framework():
    stops = {"could not be broadcast": "Take only two.", r"^KeyError: 'b'": "There is no b."}

    @exercise("9.9", "right", stops=stops)
    def check(answer):
        answer({"a": 1})

    for answer, hint in (
        (lambda given: np.zeros(2) + np.zeros(3), r"Your code stopped with .* Take only two\.$"),
        (lambda given: given["b"], r"stopped with KeyError: 'b' in line .* There is no b\.$"),
        (lambda given: max([]), r"There may be nothing to take it of.*\)`\.$"),
    ):
        with pytest.raises(CheckFailed, match=hint):
            check(answer)


def test_an_error_is_quoted_without_colours_and_names_of_operations():
    def answer(a, b):
        raise ValueError("{{function_node __wrapped__Mean}} \x1b[1mInvalid axis\x1b[0m [Op:Mean]")

    with pytest.raises(CheckFailed, match=r"^Your code stopped with ValueError: Invalid axis in line"):
        addition(answer)


def test_expect_close_compares_masks_and_complex_numbers():
    mask = np.array([True, False, True])
    with pytest.raises(CheckFailed, match=r"is False, expected True\. Of 3 numbers 1 are wrong"):
        expect_close(mask & [True, False, False], mask, "it")
    with pytest.raises(CheckFailed, match="expected"):
        expect_close(mask * 1j, mask * 1.0, "it")


def test_expect_close_does_not_guess_between_two_mistakes():
    one = np.ones(2)
    with pytest.raises(CheckFailed, match=r"^left Or: right$"):
        expect_close(one, 2 * one, "it", mistakes=[(one, "left"), (one, "right"), (3 * one, "up")])


@pytest.mark.parametrize(
    ("found", "said"), [([4.0, 9.0], "^squared$"), ([-2.0, -3.0], "^signs$"), ([4.0, 4.0], "^four Or: 4$")]
)
def test_a_mistake_is_named_by_what_it_makes_of_all_inputs(found, said):
    def mistakes(one):
        return [(one**2, "squared"), (-one, "signs"), (4.0, "four"), (4.0, "4")]

    with pytest.raises(CheckFailed, match=said):
        name_mistake(found, [2.0, 3.0], [mistakes(2.0), mistakes(3.0)])


@pytest.mark.parametrize("found", [[2.0, 3.0], [4.0, 8.0]])
def test_what_is_right_and_what_no_mistake_makes_goes_on(found):
    name_mistake(found, [2.0, 3.0], [[(4.0, "squared")], [(9.0, "squared")]])


def test_a_table_puts_answers_through_the_hidden_tests_of_the_lesson():
    assert tables.accepts("0.1", lambda picture: (picture[..., 3] > 0).mean())
    assert not tables.accepts("0.1", lambda picture: (picture[..., 3] == 0).mean())


def test_in_a_notebook_the_checks_that_have_passed_are_counted(monkeypatch, capsys):
    monkeypatch.setattr(checks, "_PASSED", {"8.1": True})
    monkeypatch.setattr(checks, "_notebook", object)
    first, second = (
        exercise(number, "right")(lambda add: expect(add(1, 1) == 2, "no")) for number in ("9.1", "9.2")
    )
    last = exercise("9.10", "right")(lambda add: expect(add(2, 2) == 4, "no"))

    def says(check, answer):
        with contextlib.suppress(CheckFailed):
            check(answer)
        return capsys.readouterr().out.splitlines()[1:]

    assert says(second, lambda a, b: a + b) == ["Checks of this lesson passed: 1 of 3. To do: 9.1, 9.10."]
    assert says(second, lambda a, b: a + b) == ["Checks of this lesson passed: 1 of 3. To do: 9.1, 9.10."]
    assert says(last, lambda a, b: a + b) == ["Checks of this lesson passed: 2 of 3. To do: 9.1."]
    # An answer that was changed and fails now counts no longer.
    assert says(second, lambda a, b: a - b) == []
    assert says(first, lambda a, b: a + b) == ["Checks of this lesson passed: 2 of 3. To do: 9.2."]
    assert says(second, lambda a, b: a + b) == ["With this, every check of the lesson has passed."]


@pytest.fixture
def chinese(tmp_path, monkeypatch):
    """A folder of Chinese lessons, and what a catalogue has of what all checks say."""
    words = {
        "Not yet. {0}": "还没有。{0}",
        "Exercise {0} passed: {1}.": "练习 {0} 通过：{1}。",
        "the sum is right": "和是对的",
        "{0} is {1}, expected {2}.{3}": "{0} 是 {1}，应为 {2}。{3}",
        "{0} has shape {1}, expected {2}.{3}": "",
    }
    book = messages.Phrasebook({english: other or None for english, other in words.items()})
    monkeypatch.setattr(messages, "_phrasebook", lambda language, names: book)
    (tmp_path / "zh").mkdir()
    monkeypatch.chdir(tmp_path / "zh")


def _sum_check():
    def check(add):
        expect_close(expect_array(add(1, 2), (), np.integer, "`add(1, 2)`"), np.array(3), "`add(1, 2)`")

    return exercise("9.1", "the sum is right")(check)


@pytest.mark.usefixtures("chinese")
def test_a_check_answers_in_the_language_of_the_folder(capsys):
    with pytest.raises(CheckFailed) as caught:
        _sum_check()(lambda a, b: a * b)
    assert str(caught.value) == "`add(1, 2)` 是 2，应为 3。"
    assert caught.value._render_traceback_() == ["还没有。`add(1, 2)` 是 2，应为 3。"]
    _sum_check()(lambda a, b: a + b)
    assert capsys.readouterr().out == "练习 9.1 通过：和是对的。\n"


@pytest.mark.usefixtures("chinese")
def test_what_is_not_translated_stays_english():
    with pytest.raises(CheckFailed, match=r"`add\(1, 2\)` has shape \(1,\), expected \(\)\."):
        _sum_check()(lambda a, b: [a + b])


def test_english_reads_no_catalogue_and_loads_no_reader_of_them():
    code = (
        "from course_utils.checks import exercise\nexercise('9.1', 'x')(lambda f: f())(int)\n"
        "import sys; print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"babel", "course_utils.lessons.catalogues"} & set(run.stdout.split())


EMPTY = "Not yet. This cell uses your answer to the exercise above, and that is still empty."


def printed_by(cell, capsys):
    """What a cell prints in a kernel that has the help of the checks."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        checks._help_in_cells(shell)
        shell.run_cell(cell)
    finally:
        InteractiveShell.clear_instance()
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("def my_answer():\n    raise NotImplementedError()\n\nmy_answer()", [EMPTY]),
        ("raise NotImplementedError()", [EMPTY]),
        ("def my_answer():\n    raise NotImplementedError('later')\n\nmy_answer()", None),
        ("def my_answer(x):\n    if x:\n        raise NotImplementedError\n\nmy_answer(1)", None),
        ("import numbers\nnumbers.Complex.__abs__(3)", None),
    ],
)
def test_cell_that_uses_an_empty_answer_says_so_in_one_line(cell, shown, capsys):
    out = printed_by(cell, capsys)
    assert out.splitlines() == shown if shown else "NotImplementedError" in out and EMPTY not in out


@pytest.mark.parametrize(
    ("cell", "helped"),
    [
        ("my_coverage(picture)", True),
        ("def f():\n    return wrld\n\nf()", True),
        ("def f():\n    x += 1\n\nf()", False),  # a name of its own, used too early
        ("{}['world']", False),
    ],
)
def test_cell_that_lacks_what_a_cell_above_makes_says_how_to_run_that(cell, helped, capsys):
    out = printed_by(cell, capsys)
    assert "Error" in out
    assert ("If a cell above makes " in out and "Run All Above Selected Cell" in out) == helped
