"""Templates of messages: what the program may say, read out of its source, with places for what it fills in.

A message is written where it arises, as an f-string most of the time. Its template is that string with
numbered places, ``{0} has shape {1}, expected {2}.{3}``; ``{s}`` stands for the letter of a plural, which is
there or not. What fills a place may be a template itself, so that pieces of messages are templates, too.
"""

import ast
import collections
import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.lessons.editions import clear_answers, read_notebook
from course_utils.lessons.translation import Passage
from course_utils.places import NOTEBOOKS, ROOT
from course_utils.words import DRAWINGS, LIBRARY, MESSAGES

__all__ = [
    "COMMON",
    "DRAWINGS",
    "LIBRARY",
    "MESSAGES",
    "PLACE",
    "PLURAL",
    "catalogue_of_checks",
    "offered",
    "templates",
]

COMMON = "checks/common"
"""The catalogue of what the checks of all lessons say."""

PLURAL = "{s}"
"""The place of an s that is there when there are several."""
PLACE = re.compile(r"\{(?:[0-9]+|s)\}")
"""The places in a template."""

# Words, but no part of a path or of a name in code.
_WORD = re.compile(r"(?<![^ “(…])(?:[A-Za-z][A-Za-z’'-]+|an?)(?![^ ,.:;?!”)…])")
_LETTER = re.compile(r"[A-Za-z]")
_CODE = re.compile(r"`[^`]*`")
# Two words beside each other, a word beside code, or one with a full stop; not the names of an expression.
_SENTENCE = re.compile(
    r"(?<![^ “(*])[A-Za-z’'-]{2,}[,:;]? +(?:[A-Za-z{(*“]|…)|…[:,;)”]? +[a-z]{2,}|(?<![^ …])[A-Za-z]{3,}[.:]$"
)
_FORMAT_PLACE = re.compile(r"((?<!`)\{\}(?!`))")  # `{}` is an empty dictionary
_SAID_KEY = re.compile(r"^(?:an?|the) |[.?]$")
_PATTERN_TAKERS = {"compile", "findall", "fullmatch", "match", "search", "split", "sub"}
_UNSAID_KEYWORDS = {"own", "metavar"}


_PACKAGE = ROOT / "course_utils"
_HEARD = (  # what speaks to learners and instructors, not to authors
    *("__main__.py", "arguments.py", "files.py", "places.py", "runtime.py"),
    *("preprocessing/*.py", "lessons/answers.py", "lessons/editions.py", "lessons/languages.py"),
    *("grading/*.py", "reports/[!o]*.py", "command/[acdefils]*.py", "command/report.py"),
)
_CALLED = (  # what lessons call besides
    *("plotting.py", "training.py", "datasets/[!a]*.py", "features/*.py", "fusion/*.py", "alignment/*.py"),
    *("generation/*.py", "language_model/*.py", "scale/*.py", "evaluation/*.py"),
    "experiments/results.py",
)
_DRAWN = ("plotting.py", "diagrams/*.py", "datasets/photographs.py")
_Said = Callable[[ast.Module], Iterable[ast.expr]]  # finds the expressions that are said


def catalogue_of_checks(number: str) -> str:
    """Gives the name of the catalogue of a lesson's checks, such as "checks/lesson_03"."""
    return f"checks/lesson_{number}"


@functools.cache  # some catalogues leave out what others have, and sources do not change while they are read
def offered(name: str) -> list[Passage]:
    """Lists what a catalogue of messages has to translate; read it, do not change it.

    Args:
        name: str, :data:`~course_utils.words.MESSAGES`, :data:`~course_utils.words.LIBRARY`,
            :data:`~course_utils.words.DRAWINGS`, :data:`COMMON` or that of a lesson's checks.

    Returns:
        list of :class:`~course_utils.lessons.translation.Passage`; a lesson's are without those of all, the
        library's without those of messages.
    """
    if name == MESSAGES:
        return _each_once(_of_modules(_HEARD))
    if name == LIBRARY:
        known = {passage.text for passage in offered(MESSAGES)}
        found = [*_of_modules(_CALLED, _told), *_of_cells(_told)]
        return _each_once(passage for passage in found if passage.text not in known)
    if name == DRAWINGS:
        return _each_once([*_of_modules(_DRAWN, _seen), *_of_cells(_seen)])
    common = templates(_PACKAGE / "checks" / "__init__.py")
    if name == COMMON:
        return common
    known = {passage.text for passage in common}
    return [passage for passage in templates(_PACKAGE / f"{name}.py") if passage.text not in known]


def _each_once(found: Iterable[Passage]) -> list[Passage]:
    return list({passage.text: passage for passage in found}.values())


def _of_modules(patterns: tuple[str, ...], said: _Said | None = None) -> Iterator[Passage]:
    paths = (path for pattern in patterns for path in sorted(_PACKAGE.glob(pattern)))
    return (passage for path in paths for passage in templates(path, said))


def _of_cells(said: _Said) -> Iterator[Passage]:
    """Reads what the lessons' own cells say; the context is the cell's id."""
    for path, name, code in _cells():
        yield from (Passage(name, text) for text in _texts(code, path, said))


@functools.cache
def _cells() -> list[tuple[Path, str, ast.Module]]:
    """Gives each cell of code in the lessons, without answers: the lesson, the cell's id, the code."""
    return [
        (path, cell.id, ast.parse(cell.source))
        for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
        for cell in clear_answers(read_notebook(path)).cells
        if cell.cell_type == "code"
    ]


def templates(path: Path, said: _Said | None = None) -> list[Passage]:
    """Lists the templates of a module, in their order.

    Args:
        path: Path of a Python file.
        said: function of the parsed module that gives the expressions which are said; None takes whatever
            reads like words.

    Returns:
        list of :class:`~course_utils.lessons.translation.Passage`, each text once; the context is the
        function, class or constant in which it stands first.

    Raises:
        CourseError: when a message has in it what marks a place.
    """
    return list(_texts(ast.parse(path.read_text(encoding="utf-8")), path, said).values())


def _texts(module: ast.Module, path: Path, said: _Said | None) -> dict[str, Passage]:
    """Gives each template of a parsed module as a passage."""
    certain = {id(piece) for piece in _shown_pieces(module)}
    chosen = set(map(id, _led_to(module, said(module)) if said else module.body))
    found: dict[str, Passage] = {}
    for statement in module.body:
        reader = _Reader(path, certain)
        for node in ast.walk(statement):
            if id(node) in chosen:
                reader.visit(node)
        for text in reader.found:
            # The name of an argument or a file stays, and so does a label of two lines.
            if said is None or re.fullmatch("[^\n]+ [^\n]+", text):
                found.setdefault(text, Passage(_name_of(statement), text))
    return found


def _told(module: ast.Module) -> Iterator[ast.expr]:
    """Finds what errors say, and what is printed as a message."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id="CourseError" | "tell"), args=[message]):
                yield message


def _seen(module: ast.Module) -> Iterator[ast.expr]:
    """Finds descriptions: what is returned beside a figure, what is shown with one or played, and credits."""
    for node in ast.walk(module):
        match node:
            case ast.Return(value=ast.Tuple(elts=[ast.Name() | ast.Call(), description])):
                yield description
            case ast.FunctionDef(name="credit", body=[*_, ast.Return(value=sentence)]):
                yield sentence
            case ast.Call(func=ast.Attribute(attr="show"), args=[_, description]):
                yield description
            case ast.Call(func=ast.Attribute(attr="play"), args=[_, _, transcript]):
                yield transcript
            case ast.keyword(arg="transcript", value=transcript):
                yield transcript
            case ast.Call(
                func=ast.Name(id="in_this_folder"),
                args=[ast.Constant() | ast.JoinedStr() as sentence, ast.Name(id="DRAWINGS")],
            ):
                yield sentence


def _led_to(module: ast.Module, said: Iterable[ast.expr]) -> Iterator[ast.expr]:
    """Gives expressions that are said, and what the names in them may stand for."""
    values = _values_by_name(module)
    waiting, known = list(said), set()
    while waiting:
        node = waiting.pop()
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) in values):
            yield node  # of a call only what the function returns is said
        names = set(_names_in(node)) - known
        known |= names
        waiting += [value for name in names for value in values.get(name, [])]


def _names_in(node: ast.expr) -> Iterator[str]:
    """Gives the names whose values a string shows."""
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self":
        yield node.attr
    for piece in _pieces(node):
        if isinstance(piece, ast.Name):
            yield piece.id
        for part in _fillings(piece):
            yield from _names_in(part)


def _name_of(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        return ast.unparse(target)
    return getattr(statement, "name", "module")


def _shown_pieces(module: ast.Module) -> Iterator[ast.expr]:
    """Finds the strings that messages show: in their places, or by a name, parameter or function there."""
    values = _values_by_name(module)
    waiting = [part for node in ast.walk(module) for part in _fillings(node)]
    known: set[str] = set()
    while waiting:
        for piece in _pieces(waiting.pop()):
            if _parts(piece) is not None:
                yield piece
            elif piece.id not in known:
                known.add(piece.id)
                waiting += values.get(piece.id, [])


def _fillings(node: ast.AST) -> list[ast.expr]:
    """Gives the expressions that fill a string."""
    match node:
        case ast.Call(func=ast.Attribute(attr="format"), args=arguments):
            return arguments
    return [part for part in _parts(node) or () if isinstance(part, ast.expr)]


def _values_by_name(module: ast.Module) -> dict[str, list[ast.expr]]:
    """Lists what a name or field may stand for: what is assigned, added, looped over, passed or returned."""
    values, taken = collections.defaultdict(list), {}
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            taken[node.name] = [parameter.arg for parameter in node.args.args]
            returned = (part.value for part in ast.walk(node) if isinstance(part, ast.Return | ast.Yield))
            values[node.name] += filter(None, returned)
        elif isinstance(node, ast.ClassDef):
            taken[node.name] = [part.target.id for part in node.body if isinstance(part, ast.AnnAssign)]
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name].append(value)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value]):
                values[name].append(value)
            case ast.For(target=target, iter=ast.List(elts=items) | ast.Tuple(elts=items)):
                for item in items:
                    _add_unpacked(values, target, item)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in taken:
                for parameter, argument in zip(taken[name], arguments, strict=False):
                    values[parameter].append(argument)
    return values


def _add_unpacked(values: dict[str, list[ast.expr]], target: ast.expr, item: ast.expr) -> None:
    match target, item:
        case ast.Name(id=name), _:
            values[name].append(item)
        case ast.Tuple(elts=targets), ast.Tuple(elts=items):
            for one, other in zip(targets, items, strict=False):
                _add_unpacked(values, one, other)


@dataclass
class _Reader(ast.NodeVisitor):
    """Collects the templates of one statement.

    Attributes:
        path: Path of the module, for complaints.
        certain: set of int, ids of the strings that messages show, even if each is a single word.
        found: list of str, the templates.
    """

    path: Path
    certain: set[int]
    found: list[str] = field(default_factory=list)

    def visit(self, node: ast.AST) -> None:
        parts = _parts(node)
        if parts is None:
            super().visit(node)
            return
        for variant in _variants(parts):
            self._keep(variant, node)
        for part in parts:
            if isinstance(part, ast.expr):
                self.visit(part)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key in node.keys:  # patterns and names, but for a few that are hints
            if isinstance(key, ast.Constant) and _SAID_KEY.search(str(key.value)):
                self.visit(key)
        for value in node.values:
            self.visit(value)

    def visit_Compare(self, node: ast.Compare) -> None:
        for operand in [node.left, *node.comparators]:
            if _parts(operand) is None:
                self.visit(operand)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in _UNSAID_KEYWORDS:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name == "join" and isinstance(node.func, ast.Attribute):
            self._keep([node, *(_parts(node.func.value) or []), node], node)
        self.visit(node.func)
        for argument in [*node.args, *node.keywords]:
            if name not in _PATTERN_TAKERS or _parts(argument) is None:
                self.visit(argument)

    def _keep(self, parts: list[str | ast.expr], node: ast.AST) -> None:
        """Keeps a template if it reads like words; a piece of a message does so with one."""
        unmarked = [part for part in parts if part != PLURAL]
        literals = [part for part in unmarked if isinstance(part, str)]
        if any(PLACE.search(literal) for literal in literals):
            raise CourseError(
                f"{self.path}: line {node.lineno}: a message has a number or s in braces, which stands for "
                "what is filled in. Write it otherwise."
            )
        words = _CODE.sub("…", "".join(part if isinstance(part, str) else "…" for part in unmarked))
        is_pattern = any("\\" in literal or "(?" in literal for literal in literals)
        certain = id(node) in self.certain or PLURAL in parts
        if not is_pattern and (_WORD if certain else _SENTENCE).search(words):
            self.found.append(_numbered(parts).rstrip("\n"))


def _numbered(parts: list[str | ast.expr]) -> str:
    """Writes a template; places beside each other are one, since nothing tells where the first one ends."""
    text, count = "", 0
    for before, part in zip([None, *parts], parts, strict=False):
        if isinstance(part, str):
            text += part
        elif not isinstance(before, ast.expr):
            text += f"{{{count}}}"
            count += 1
    return text


def _variants(parts: list[str | ast.expr]) -> Iterator[list[str | ast.expr]]:
    """Gives a string as it is, or, if all its words are a choice of two, with each of them."""
    for place, part in enumerate(parts):
        match part:
            case ast.IfExp(body=ast.Constant() as one, orelse=ast.Constant() as other) if not any(
                isinstance(text, str) and _LETTER.search(text) for text in parts
            ):
                yield [*parts[:place], one.value, *parts[place + 1 :]]
                yield [*parts[:place], other.value, *parts[place + 1 :]]
                return
    yield parts


def _parts(node: ast.AST) -> list[str | ast.expr] | None:
    """Takes a string apart into its text and the expressions that fill it; None for what is no string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [ast.Name("") if text == "{}" else text for text in _FORMAT_PLACE.split(node.value)]
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in _parts(value)]
    if isinstance(node, ast.FormattedValue):
        return _counted(node.value) or [node.value]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [_parts(node.left), _parts(node.right)]
        if any(sides):
            return [*(sides[0] or [node.left]), *(sides[1] or [node.right])]
    return _counted(node)


def _counted(node: ast.AST) -> list[str | ast.expr] | None:
    """Gives the parts of `plural(3, "row")`, and those of the s behind a noun; None for all else."""
    match node:
        case ast.Call(func=ast.Name(id="plural"), args=[count, ast.Constant(value=noun)]):
            return [count, f" {noun}", PLURAL]
        case ast.BinOp(left=ast.Constant(value="s"), op=ast.Mult()):
            return [PLURAL]
        case ast.IfExp(body=ast.Constant(value=one), orelse=ast.Constant(value=other)) if {one, other} == {
            "",
            "s",
        }:
            return [PLURAL]
    return None


def _pieces(node: ast.expr) -> Iterator[ast.expr]:
    """Finds the strings and names that an expression may give."""
    match node:
        case _ if isinstance(node, ast.Name) or _parts(node) is not None:
            yield node
        case ast.Attribute(value=ast.Name(id="self"), attr=name):  # of a dataclass
            yield ast.Name(name)
        case ast.IfExp(body=one, orelse=other):
            yield from [*_pieces(one), *_pieces(other)]
        case (
            ast.BoolOp(values=values)
            | ast.Dict(values=values)
            | ast.List(elts=values)
            | ast.Tuple(elts=values)
        ):
            for value in values:
                yield from _pieces(value)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from [*_pieces(left), *_pieces(right)]
        case (
            ast.Subscript(value=value)
            | ast.Starred(value=value)
            | ast.ListComp(elt=value)
            | ast.GeneratorExp(elt=value)
        ):
            yield from _pieces(value)
        case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[_, default]):
            yield from [*_pieces(value), *_pieces(default)]
        case (
            ast.Call(func=ast.Attribute(attr="join"), args=[value])
            | ast.Call(func=ast.Attribute(value=value))
        ):
            yield from _pieces(value)
        case ast.Call(func=ast.Name() as function):
            yield function
