"""The rules that every lesson keeps. Each rule is itself shown to notice a lesson that breaks it."""

import ast
import copy
import getpass
import itertools
import re
import socket
import symtable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from course_utils import CourseError
from course_utils.lessons import editions, needs, render
from course_utils.places import NOTEBOOKS, ROOT, TEMPLATE

PATHS = [*sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")), TEMPLATE]

OPENING = (
    r"^# \d\d · \S",
    r"\*\*Minutes to read:\*\* \d+",
    r"\*\*Seconds to run:\*\* \d+",
    r"\*\*You need first:\*\* \S",
)
SECTIONS = (
    "What you will be able to do",
    "Now on your own data",
    "Summary",
    "Common mistakes",
    "Glossary",
    "Further reading",
)
TAGS = {"nbval-ignore-output", "raises-exception", "target", *needs.TAGS}
LARGEST = 1_500_000
STRICT_SHARE = 0.75
ANSWER = {"grade": False, "solution": True, "locked": False, "task": False, "schema_version": 3}
CHECK = {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3}
WRITTEN = {"grade": True, "solution": True, "locked": False, "task": False, "schema_version": 3}

LONG_CELL, MOST_LONG_CELLS, LONGEST_CELL = 15, 10, 25  # lines, cells of more, lines
ABSOLUTE_PATH = re.compile(
    r"(?<![\w./:~-])(?:~|/(?:home|Users|root|work|workspace|tmp|var|usr|opt|mnt|private|content))/\.?\w"
    r"|\b[A-Z]:\\\\?\w"
)
CODE_IN_MARKDOWN = re.compile(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)|(?:href|src)=\"([^\"]+)\"")
REFERENCE = re.compile(r"\[[^\]\n]+\]\[([^\]\n]+)\]")
MARKED = {
    what: re.compile(rf"^.*BEGIN {what}.*\n((?:.*\n)*?).*END {what}", re.MULTILINE)
    for what in ("SOLUTION", "HIDDEN TESTS")
}


@dataclass
class Lesson:
    """A lesson as the rules see it."""

    path: Path
    notebook: nbformat.NotebookNode
    text: str | None = None
    """The file's text; None for a lesson made in a test, which is never stored."""

    @property
    def code(self):
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def markdown(self):
        return [cell for cell in self.notebook.cells if cell.cell_type == "markdown"]

    @property
    def number(self):
        return self.path.name[:2]


def read(path):
    return Lesson(path, editions.read_notebook(path), path.read_text(encoding="utf-8"))


def tags(cell):
    return cell.metadata.get("tags", [])


def roles(cell):
    return cell.metadata.get("nbgrader", {})


def html(output):
    return output.get("data", {}).get("text/html", "")


def output_texts(output):
    """Yield all text that an output shows."""
    if output.output_type == "stream":
        yield output.text
    elif output.output_type == "error":
        yield output.evalue
        yield from output.traceback
    else:
        yield from (value for kind, value in output.data.items() if kind.startswith("text/"))


# The rules: each yields what is wrong with a lesson.


def is_stored_as_it_was_rendered(lesson):
    if lesson.notebook.metadata != render.METADATA:
        yield f"the notebook's metadata are {dict(lesson.notebook.metadata)}"
    for cell in lesson.notebook.cells:
        if extra := cell.metadata.keys() - {"nbgrader", "tags"}:
            yield f"{cell.id}: metadata {sorted(extra)}"
        if unknown := set(tags(cell)) - TAGS:
            yield f"{cell.id}: unknown tags {sorted(unknown)}"
    if lesson.text is not None and lesson.text != nbformat.writes(lesson.notebook) + "\n":
        yield "the file is not laid out as `render` writes it"


def has_readable_cell_ids(lesson):
    try:
        render.check_cell_ids(lesson.notebook, lesson.path.name)
    except CourseError as error:
        yield str(error)


def has_short_cells(lesson):
    lengths = {cell.id: len(cell.source.splitlines()) for cell in lesson.code}
    for name, lines in lengths.items():
        if lines > LONGEST_CELL:
            yield f"{name}: {lines} lines; expected at most {LONGEST_CELL}"
    long = sum(lines > LONG_CELL for lines in lengths.values())
    if long > MOST_LONG_CELLS:
        yield f"{long} cells of more than {LONG_CELL} lines; expected at most {MOST_LONG_CELLS}"


def is_small(lesson):
    size = len(lesson.text if lesson.text is not None else nbformat.writes(lesson.notebook))
    if size >= LARGEST:
        yield f"{size:,} characters; expected fewer than {LARGEST:,}"


def has_its_opening(lesson):
    first = lesson.notebook.cells[0].source
    for expected in OPENING:
        if not re.search(expected, first, re.MULTILINE):
            yield f"the first cell has nothing like {expected}"
    if not first.startswith(f"# {lesson.number}"):
        yield f"the title does not begin with the lesson's number {lesson.number}"


def has_its_sections(lesson):
    headings = [
        line[3:].strip()
        for cell in lesson.markdown
        for line in CODE_IN_MARKDOWN.sub("", cell.source).split("\n")
        if line.startswith("## ")
    ]
    found = [heading for heading in headings if heading in SECTIONS]
    if found != list(SECTIONS):
        yield f"its sections are {found}; expected {list(SECTIONS)}, in this order"


def was_executed_in_order(lesson):
    counts = [cell.execution_count for cell in lesson.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}; expected 1, 2, 3 …: an empty or unexecuted cell has none"


def has_errors_only_on_purpose(lesson):
    for cell in lesson.code:
        failed = any(output.output_type == "error" for output in cell.outputs)
        waits_for_an_answer = roles(cell).get("grade") or "target" in tags(cell)
        if failed and ("raises-exception" not in tags(cell) or waits_for_an_answer):
            yield f"{cell.id}: stored with an error"
        if not failed and "raises-exception" in tags(cell) and not waits_for_an_answer:
            yield f"{cell.id}: tagged raises-exception, but raises none"


def is_compared_strictly(lesson):
    with_output = [cell for cell in lesson.code if cell.outputs]
    strict = [
        cell
        for cell in with_output
        if "nbval-ignore-output" not in tags(cell) and not re.search(r"# *(NBVAL|PYTEST)_", cell.source)
    ]
    if not with_output or len(strict) / len(with_output) < STRICT_SHARE:
        yield f"{len(strict)} of {len(with_output)} cells with output compared; expected {STRICT_SHARE:.0%}"
    for cell in strict:
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"{cell.id}: prints to stderr"


def does_without_what_it_may_need(lesson):
    lent = {}  # name → the tagged cell that assigned it last
    for cell in lesson.code:
        need = needs.need_of(tags(cell))
        statements = ast.parse(cell.source).body
        asked = _question(statements[0]) if len(statements) == 1 else None
        for each in needs.NEEDS:
            if (each == need) != (each.question == asked):
                yield f"{cell.id}: `if {each.question}:` around all its code goes with the tag {each.tag}"
        bound, used = _names(cell.source)
        if need:
            lent |= dict.fromkeys(bound, cell.id)
        else:
            for name in sorted((used - bound) & lent.keys()):
                yield f"{cell.id}: uses {name}, which only {lent[name]} has, where what it needs is there"
            lent = {name: owner for name, owner in lent.items() if name not in bound}


def _question(statement):
    """What an `if` without `else` asks."""
    return ast.unparse(statement.test) if isinstance(statement, ast.If) and not statement.orelse else None


def _names(source):
    """Names that a cell binds, and those that it reads, also inside of its functions."""
    top = symtable.symtable(source, "cell", "exec")
    symbols = top.get_symbols()
    inner, tables = [], top.get_children()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        inner += [symbol for symbol in table.get_symbols() if symbol.is_global()]
    bound = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    return bound, {symbol.get_name() for symbol in [*symbols, *inner] if symbol.is_referenced()}


def describes_its_figures(lesson):
    for cell in lesson.code:
        for output, caption in itertools.zip_longest(cell.outputs, cell.outputs[1:]):
            data = output.get("data", {})
            if {"image/jpeg", "image/svg+xml", "image/gif"} & data.keys() or "<img" in html(output):
                yield f"{cell.id}: a picture that is no PNG shown by plotting.show()"
            if "image/png" not in data:
                continue
            alt = output.metadata.get("image/png", {}).get("alt", "").strip()
            if not alt:
                yield f"{cell.id}: a figure without alt text"
            elif caption is None or caption.get("data", {}).get("text/plain") != alt or not html(caption):
                yield f"{cell.id}: a figure without visible caption"
    for cell in lesson.markdown:
        if re.search(r"!\[\s*\]\(|<img(?![^>]*alt=\"[^\"]+\")", CODE_IN_MARKDOWN.sub("", cell.source)):
            yield f"{cell.id}: a picture without alt text"


def transcribes_its_sound(lesson):
    for cell in lesson.code:
        for output in cell.outputs:
            players = html(output).count("<audio")
            transcripts = len(
                re.findall(r"<figcaption><em>Transcript: [^<]+</em></figcaption>", html(output))
            )
            labels = len(re.findall(r"<audio[^>]* aria-label=\"Recording: [^\"]+\"", html(output)))
            if not players == transcripts == labels:
                yield f"{cell.id}: {players} players, {transcripts} transcripts, {labels} labels"


def names_no_machine(lesson):
    # Short names and those of every machine are ordinary words.
    here = {name for name in (socket.gethostname(), getpass.getuser()) if len(name) > 4} - {
        "localhost",
        "runner",
    }
    for cell in lesson.notebook.cells:
        for text in [cell.source, *itertools.chain(*map(output_texts, cell.get("outputs", [])))]:
            for found in ABSOLUTE_PATH.finditer(text):
                yield f"{cell.id}: the absolute path {text[found.start() : found.start() + 40]!r}"
            for name in here:
                if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
                    yield f"{cell.id}: the name {name!r} of this machine or its user"


def has_working_links(lesson):
    for cell in lesson.markdown:
        prose = CODE_IN_MARKDOWN.sub("", cell.source)
        for target in filter(None, itertools.chain(*LINK.findall(prose))):
            if complaint := _broken(target, cell, lesson):
                yield f"{cell.id}: the link {target!r} {complaint}"
        for reference in REFERENCE.findall(prose):
            if f"[{reference}]: " not in prose:
                yield f"{cell.id}: the link [{reference}] is not defined in its cell"


def _broken(target, cell, lesson):
    if target.startswith("https://"):
        return None
    if target.startswith("attachment:"):
        return (
            None
            if target.split(":", 1)[1] in cell.get("attachments", {})
            else "names no attachment of its cell"
        )
    file, _, anchor = target.partition("#")
    if re.match(r"[a-z]+:|/", file) or ".." in file:
        return "leaves the lessons' folder other than by https"
    notebook = lesson.notebook
    if file:
        other = lesson.path.parent / file
        if not other.is_file():
            return "leads nowhere"
        notebook = editions.read_notebook(other)
    return None if not anchor or anchor in _anchors(notebook) else "names a heading that does not exist"


def _anchors(notebook):
    """Return the anchors that JupyterLab and nbconvert give to headings."""
    return {
        re.sub(r"[`*]", "", line.lstrip("#").strip()).replace(" ", "-")
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.split("\n")
        if re.match(r"#{1,6} ", line)
    }


def pairs_answers_with_checks(lesson):
    cells = lesson.notebook.cells
    checks = {cell.id for cell in cells if roles(cell).get("grade") and not roles(cell).get("solution")}
    for cell, following in itertools.zip_longest(cells, cells[1:]):
        if cell.cell_type != "code" or not roles(cell).get("solution"):
            continue
        yield from _roles_as(cell, ANSWER, rf"ex-{lesson.number}-\d+-answer")
        if not MARKED["SOLUTION"].search(cell.source):
            yield f"{cell.id}: an answer without markers would leave no signature"
        if following is None or following.id != cell.id.removesuffix("answer") + "check":
            yield f"{cell.id}: not followed by its check"
            continue
        checks.discard(following.id)
        yield from _roles_as(following, CHECK, rf"ex-{lesson.number}-\d+-check")
        if "raises-exception" not in tags(following):
            yield f"{following.id}: a check must be tagged raises-exception"
        if not MARKED["HIDDEN TESTS"].search(following.source):
            yield f"{following.id}: no hidden tests"
    for orphan in checks:
        yield f"{orphan}: a check without its answer before it"


def asks_for_a_written_answer(lesson):
    written = [cell for cell in lesson.markdown if roles(cell)]
    if not written:
        yield "no written question"
    for cell in written:
        yield from _roles_as(cell, WRITTEN, rf"ex-{lesson.number}-\d+")
        if not MARKED["SOLUTION"].search(cell.source):
            yield f"{cell.id}: no model answer between markers"


def _roles_as(cell, expected, name):
    found = dict(roles(cell))
    points = found.pop("points", None)
    if expected["grade"] and not (isinstance(points, int) and points > 0):
        yield f"{cell.id}: points are {points}"
    if found.pop("grade_id", None) != cell.id or not re.fullmatch(name, cell.id):
        yield f"{cell.id}: id and grade_id are not both {name}"
    if found != expected:
        yield f"{cell.id}: nbgrader metadata {found}; expected {expected}"


def has_balanced_markers(lesson):
    for cell in lesson.notebook.cells:
        for what in MARKED:
            begins, ends = (cell.source.count(f"{word} {what}") for word in ("BEGIN", "END"))
            if begins != ends:
                yield f"{cell.id}: {begins} × BEGIN {what}, {ends} × END {what}"
    try:
        editions.learner_edition(lesson.notebook)
    except CourseError as error:
        yield str(error)


def gives_no_answer_away(lesson):
    edition = editions.learner_edition(lesson.notebook)
    nbformat.validate(edition)
    for cell in edition.cells:
        if cell.cell_type == "code":
            try:
                ast.parse(cell.source)
            except SyntaxError as error:
                yield f"{cell.id}: the learner edition does not parse: {error}"
    shown = {line.strip() for cell in edition.cells for line in cell.source.split("\n")}
    for cell in lesson.notebook.cells:
        for region in itertools.chain(*(expression.findall(cell.source) for expression in MARKED.values())):
            for line in region.split("\n"):
                # Shorter lines are anybody's: `return total`, `import numpy as np`.
                if len(line.strip()) > 25 and line.strip() in shown:
                    yield f"{cell.id}: the learner edition shows {line.strip()!r} elsewhere"


def defines_nothing_that_the_course_has(lesson):
    taken = _names_of_the_course()
    for name in sorted(_defined_in(lesson)):
        if name in taken:
            yield f"{name} is defined in {taken[name]} as well: import it, or name the lesson's own my_{name}"


def _defined_in(lesson):
    """Names of functions and classes; a method is its class's own matter."""
    nodes = [node for cell in lesson.code for node in ast.walk(ast.parse(cell.source))]
    methods = {id(part) for node in nodes if isinstance(node, ast.ClassDef) for part in node.body}
    return {
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and id(node) not in methods
    }


def _names_of_the_course():
    return {
        node.name: path.relative_to(ROOT).as_posix()
        for path in (ROOT / "course_utils").rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


RULES = (
    is_stored_as_it_was_rendered,
    has_readable_cell_ids,
    has_short_cells,
    is_small,
    has_its_opening,
    has_its_sections,
    was_executed_in_order,
    has_errors_only_on_purpose,
    is_compared_strictly,
    does_without_what_it_may_need,
    describes_its_figures,
    transcribes_its_sound,
    names_no_machine,
    has_working_links,
    pairs_answers_with_checks,
    asks_for_a_written_answer,
    has_balanced_markers,
    gives_no_answer_away,
    defines_nothing_that_the_course_has,
)


def defined_twice(lessons):
    """Yield what is wrong with several lessons together."""
    owners = {}
    for lesson in lessons:
        for name in sorted(_defined_in(lesson)):
            owner = owners.setdefault(name, lesson.path.name)
            if owner != lesson.path.name:
                yield f"{name} is defined in {owner} and in {lesson.path.name}: move it to course_utils"


def test_there_are_lessons():
    assert PATHS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_lesson(path, rule):
    assert not list(rule(read(path)))


def test_no_two_lessons_define_the_same():
    lessons = [path for path in PATHS if path != TEMPLATE]  # a lesson begins as a copy of the template
    assert not list(defined_twice(map(read, lessons)))


# A lesson that keeps every rule, and what each rule must notice in a lesson that does not.


def code(name, source, *outputs, tags=(), **nbgrader):
    cell = v4.new_code_cell(source, id=name, outputs=list(outputs))
    if nbgrader:
        cell.metadata["nbgrader"] = {**nbgrader, "grade_id": name}
    if tags:
        cell.metadata["tags"] = list(tags)
    return cell


def good():
    """Make a lesson that keeps every rule."""
    figure = v4.new_output("display_data", {"image/png": "AAAA", "text/plain": "Figure: A line."})
    figure.metadata["image/png"] = {"alt": "A line."}
    caption = v4.new_output("display_data", {"text/html": "<p>A line.</p>", "text/plain": "A line."})
    sound = v4.new_output(
        "display_data",
        {
            "text/html": '<audio controls aria-label="Recording: six"></audio>'
            "<figcaption><em>Transcript: six</em></figcaption>",
            "text/plain": "Recording",
        },
    )
    error = v4.new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"])
    solution = "    ### BEGIN SOLUTION\n    return sum(every for every in values)\n    ### END SOLUTION"
    cells = [
        v4.new_markdown_cell(
            "# 01 · Title\n\n**Minutes to read:** 5 · **Seconds to run:** 1 · **You need first:** lesson 00",
            id="title",
        ),
        v4.new_markdown_cell("## What you will be able to do\n\nGo [on](#Now-on-your-own-data).", id="aims"),
        code("sum", "print(1 + 1)", v4.new_output("stream", text="2\n")),
        code(
            "real",
            "if smollm2.here():\n    value = 2\n    print(2)",
            v4.new_output("stream", text="2\n"),
            tags=["needs-smollm2"],
        ),
        code("own", "value = 3"),
        code("own-read", "assert value == 3"),
        code("figure", "show(figure, 'A line.')", figure, caption, tags=["target"]),
        code("sound", "play(sound, 8000, 'six')", sound),
        code("fails", "raise ValueError('no')", error, tags=["raises-exception"]),
        code("varies", "print(time())", v4.new_output("stream", text="7\n"), tags=["nbval-ignore-output"]),
        code("ex-01-1-answer", f"def my_sum(values):\n{solution}", **ANSWER),
        code(
            "ex-01-1-check",
            "check.total(my_sum)\n### BEGIN HIDDEN TESTS\n"
            "assert my_sum([1, 2, 3, 4, 5]) == 15\n### END HIDDEN TESTS",
            v4.new_output("stream", text="Exercise 1.1 passed.\n"),
            tags=["raises-exception"],
            **CHECK,
            points=1,
        ),
        v4.new_markdown_cell(
            "<!-- BEGIN SOLUTION -->\nBecause.\n<!-- END SOLUTION -->",
            id="ex-01-2",
            metadata={"nbgrader": {**WRITTEN, "grade_id": "ex-01-2", "points": 2}},
        ),
        *(
            v4.new_markdown_cell(f"## {heading}\n\n`a[0][1]`", id=heading.lower().replace(" ", "-"))
            for heading in SECTIONS[1:]
        ),
    ]
    for count, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
    return Lesson(
        Path("01_title.ipynb"), v4.new_notebook(cells=cells, metadata=copy.deepcopy(render.METADATA))
    )


def cell_of(lesson, name):
    return next(cell for cell in lesson.notebook.cells if cell.id == name)


def text_becomes(name, old, new):
    def spoil(lesson):
        cell = cell_of(lesson, name)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return spoil


def output_becomes(cell, number, /, **changes):
    return lambda lesson: cell_of(lesson, cell).outputs[number].update(changes)


def roles_become(name, **changes):
    return lambda lesson: roles(cell_of(lesson, name)).update(changes)


def tags_become(name, *new):
    return lambda lesson: cell_of(lesson, name).metadata.update(tags=list(new))


def cell_removed(name):
    return lambda lesson: lesson.notebook.cells.remove(cell_of(lesson, name))


def long_cells_added(count):
    return lambda lesson: lesson.notebook.cells.extend(
        code(f"long-{number}", "1\n" * 16) for number in range(count)
    )


def link_added(link):
    return text_becomes("summary", "## Summary", f"## Summary\n\n{link}")


BROKEN = [
    (is_stored_as_it_was_rendered, lambda lesson: lesson.notebook.metadata.update(widgets={}), "widgets"),
    (
        is_stored_as_it_was_rendered,
        lambda lesson: lesson.notebook.metadata.language_info.update(version="3.11"),
        "3.11",
    ),
    (
        is_stored_as_it_was_rendered,
        lambda lesson: lesson.code[0].metadata.update(execution={}),
        "sum: metadata",
    ),
    (is_stored_as_it_was_rendered, tags_become("sum", "nbval-skip"), "unknown tags"),
    (is_stored_as_it_was_rendered, lambda lesson: setattr(lesson, "text", "{}"), "not laid out"),
    (has_readable_cell_ids, lambda lesson: lesson.code[0].update(id="8f3a2b1c"), "8f3a2b1c"),
    (has_short_cells, text_becomes("sum", "print", "1\n" * 25 + "print"), "sum: 26 lines"),
    (has_short_cells, long_cells_added(11), "11 cells of more than 15 lines"),
    (is_small, text_becomes("sum", "1 + 1", "1 + 1" + " + 1" * 400_000), "1,60"),
    (has_its_opening, text_becomes("title", "**Minutes to read:** 5", "short"), "Minutes"),
    (has_its_opening, text_becomes("title", "**Seconds to run:** 1", "fast"), "Seconds"),
    (has_its_opening, text_becomes("title", "**You need first:** lesson 00", ""), "You need first"),
    (has_its_opening, text_becomes("title", "# 01 · Title", "# Title"), "# "),
    (has_its_opening, text_becomes("title", "# 01", "# 02"), "number 01"),
    (has_its_sections, text_becomes("glossary", "## Glossary", "### Glossary"), "its sections"),
    (has_its_sections, lambda lesson: lesson.notebook.cells.reverse(), "in this order"),
    (was_executed_in_order, lambda lesson: lesson.code[2].update(execution_count=9), "counts are [1, 2, 9"),
    (
        was_executed_in_order,
        lambda lesson: lesson.code[0].update(execution_count=None, outputs=[]),
        "[None, 2",
    ),
    (has_errors_only_on_purpose, tags_become("fails"), "fails: stored with an error"),
    (
        has_errors_only_on_purpose,
        lambda lesson: cell_of(lesson, "fails").update(outputs=[]),
        "but raises none",
    ),
    (
        has_errors_only_on_purpose,
        lambda lesson: cell_of(lesson, "ex-01-1-check").update(outputs=cell_of(lesson, "fails").outputs),
        "ex-01-1-check: stored with an error",
    ),
    (is_compared_strictly, tags_become("sound", "nbval-ignore-output"), "5 of 7"),
    (is_compared_strictly, text_becomes("sum", "print", "# NBVAL_IGNORE_OUTPUT\nprint"), "5 of 7"),
    (is_compared_strictly, output_becomes("sum", 0, name="stderr"), "sum: prints to stderr"),
    (
        does_without_what_it_may_need,
        tags_become("sum", "needs-smollm2"),
        "sum: `if smollm2.here():` around all its code",
    ),
    (
        does_without_what_it_may_need,
        text_becomes("sum", "print(1 + 1)", "if smollm2.here():\n    print(1 + 1)"),
        "goes with the tag needs-smollm2",
    ),
    (
        does_without_what_it_may_need,
        text_becomes("real", "print(2)", "print(2)\nelse:\n    print(3)"),
        "real: `if smollm2.here():` around all",
    ),
    (
        does_without_what_it_may_need,
        tags_become("real", "needs-backends"),
        "real: `if extras.backends.here():` around all its code",
    ),
    (
        does_without_what_it_may_need,
        text_becomes("real", "print(2)", "figure = 1"),
        "figure: uses figure, which only real has",
    ),
    (
        does_without_what_it_may_need,
        lambda lesson: [
            text_becomes("real", "print(2)", "rate = 1")(lesson),
            text_becomes("sum", "print", "def f():\n    return rate\n\n\nprint")(lesson),
            lesson.notebook.cells.insert(2, lesson.notebook.cells.pop(3)),
        ],
        "sum: uses rate",
    ),
    (describes_its_figures, output_becomes("figure", 0, metadata=nbformat.from_dict({})), "without alt text"),
    (
        describes_its_figures,
        lambda lesson: cell_of(lesson, "figure").outputs.pop(),
        "without visible caption",
    ),
    (
        describes_its_figures,
        lambda lesson: cell_of(lesson, "figure").outputs.reverse(),
        "without visible caption",
    ),
    (
        describes_its_figures,
        output_becomes("sum", 0, output_type="display_data", data={"image/svg+xml": "<svg/>"}),
        "no PNG",
    ),
    (describes_its_figures, output_becomes("sound", 0, data={"text/html": "<img src='x'>"}), "no PNG"),
    (describes_its_figures, link_added("![](x.png)"), "summary: a picture without alt"),
    (describes_its_figures, link_added('<img src="x.png" width="3">'), "summary: a picture without alt"),
    (
        transcribes_its_sound,
        output_becomes("sound", 0, data={"text/html": "<audio src='x'></audio>"}),
        "1 players, 0",
    ),
    (names_no_machine, text_becomes("sum", "1 + 1", "open('/home/ada/x.png')"), "/home/ada"),
    (names_no_machine, output_becomes("sum", 0, text="saved C:\\Users\\ada"), "C:"),
    (names_no_machine, output_becomes("sum", 0, text="in ~/lessons"), "~/lessons"),
    (names_no_machine, output_becomes("sum", 0, text="reads /opt/.keras/keras.json"), "/opt/.keras"),
    (names_no_machine, output_becomes("sum", 0, text="reads ~/.config/matplotlib"), "~/.config"),
    (names_no_machine, output_becomes("sum", 0, text="on adas-laptop."), "of this machine"),
    (has_working_links, link_added("[next](02_none.ipynb)"), "leads nowhere"),
    (has_working_links, link_added("[up](../README.md)"), "leaves the lessons' folder"),
    (has_working_links, link_added("[plain](http://example.org)"), "leaves the lessons' folder"),
    (has_working_links, link_added("[up](#Nothing-here)"), "names a heading that does not exist"),
    (has_working_links, link_added("![a cat](attachment:cat.png)"), "names no attachment"),
    (has_working_links, link_added('<a href="gone.ipynb">'), "leads nowhere"),
    (has_working_links, link_added("[the paper][paper]"), "[paper] is not defined"),
    (pairs_answers_with_checks, cell_removed("ex-01-1-check"), "not followed by its check"),
    (pairs_answers_with_checks, cell_removed("ex-01-1-answer"), "ex-01-1-check: a check without its answer"),
    (pairs_answers_with_checks, tags_become("ex-01-1-check"), "must be tagged raises-exception"),
    (pairs_answers_with_checks, text_becomes("ex-01-1-check", "HIDDEN TESTS", "TESTS"), "no hidden tests"),
    (pairs_answers_with_checks, text_becomes("ex-01-1-answer", "SOLUTION", "ANSWER"), "without markers"),
    (pairs_answers_with_checks, roles_become("ex-01-1-answer", locked=True), "nbgrader metadata"),
    (pairs_answers_with_checks, roles_become("ex-01-1-check", points=0), "points are 0"),
    (pairs_answers_with_checks, roles_become("ex-01-1-check", grade_id="other"), "id and grade_id"),
    (pairs_answers_with_checks, lambda lesson: setattr(lesson, "path", Path("02_title.ipynb")), "ex-02"),
    (asks_for_a_written_answer, cell_removed("ex-01-2"), "no written question"),
    (asks_for_a_written_answer, text_becomes("ex-01-2", "SOLUTION", "ANSWER"), "no model answer"),
    (asks_for_a_written_answer, roles_become("ex-01-2", points=None), "points are None"),
    (has_balanced_markers, text_becomes("ex-01-1-answer", "    ### END SOLUTION", ""), "0 × END SOLUTION"),
    (
        has_balanced_markers,
        text_becomes("sum", "print", "### END HIDDEN TESTS\nprint"),
        "1 × END HIDDEN TESTS",
    ),
    (has_balanced_markers, lambda lesson: cell_of(lesson, "figure").update(outputs=[]), "tagged target"),
    (
        gives_no_answer_away,
        text_becomes("ex-01-1-answer", "def my_sum(values):\n", "x = [\n"),
        "does not parse",
    ),
    (
        gives_no_answer_away,
        text_becomes("sum", "print", "assert my_sum([1, 2, 3, 4, 5]) == 15\nprint"),
        "ex-01-1-check: the learner edition shows",
    ),
    (
        gives_no_answer_away,
        text_becomes("sum", "print", "def total(values):\n    return sum(every for every in values)\nprint"),
        "ex-01-1-answer: the learner edition shows",
    ),
    (
        defines_nothing_that_the_course_has,
        text_becomes("sum", "print", "def learner_edition():\n    pass\nprint"),
        "learner_edition is defined in course_utils/lessons/editions.py",
    ),
    (
        defines_nothing_that_the_course_has,
        text_becomes("sum", "print", "if True:\n    class CourseError: pass\nprint"),
        "CourseError is defined in course_utils/errors.py",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_lesson_keeps_the_rule(rule):
    assert not list(rule(good()))


@pytest.mark.parametrize(
    ("rule", "spoil", "complaint"), BROKEN, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_rule_notices(rule, spoil, complaint, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "adas-laptop")
    lesson = good()
    spoil(lesson)
    assert complaint in "\n".join(rule(lesson))


def test_every_rule_is_shown_to_notice():
    assert {rule for rule, _, _ in BROKEN} == set(RULES)


def test_a_name_that_two_lessons_define_is_noticed():
    first, second = good(), good()
    second.path = Path("02_title.ipynb")
    (complaint,) = defined_twice([first, second])
    assert complaint == "my_sum is defined in 01_title.ipynb and in 02_title.ipynb: move it to course_utils"
    assert not list(defined_twice([first]))
