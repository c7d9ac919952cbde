"""Which cells of a notebook have to run for certain names to be there."""

import ast
import builtins
import re
import symtable
from collections.abc import Iterator

__all__ = ["names_bound", "names_read", "needed_cells", "skeleton", "what_runs"]

_MOST_CODE, _MOST_IN_A_CELL = 150_000, 20_000  # characters that are looked at; lessons have far less
# IPython reads a cell anew for each of its magics, and makes it longer each time.
_MAGIC = re.compile(r"^[ \t]*[%!?,;/]|\?[ \t]*$|=[ \t]*[%!]", re.MULTILINE)
_NESTED_MAGIC = re.compile(r"^[ \t]*([%!?,;/]{3}|(%\w+[ \t]+){4})", re.MULTILINE)
_MOST_MAGICS, _LONGEST_WITH_MAGICS = 30, 10_000
_WITH_DOCSTRINGS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def names_read(source: str) -> set[str]:
    """Gives the names that a cell looks up in the notebook's namespace, also from inside its functions.

    Args:
        source: str.

    Returns:
        set of str; empty when the cell cannot be parsed.
    """
    names = set()
    tables = [symtable.symtable(_with_scopes(_python(source)), "cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        at_top = table.get_type() == "module"
        names |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (at_top or symbol.is_global())
        }
    return names


def _with_scopes(text: str) -> str:
    """Gives code in which every comprehension has a scope of its own, whatever Python does with them."""
    try:
        return ast.unparse(_Generators().visit(ast.parse(text)))
    except RecursionError:  # it can be parsed, and is too deep to be written again
        return ""


class _Generators(ast.NodeTransformer):
    """Makes generator expressions of all comprehensions: since Python 3.12 only those are not inlined."""

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp) -> ast.GeneratorExp:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> ast.GeneratorExp:
        self.generic_visit(node)
        return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)


def names_bound(source: str) -> dict[str, str]:
    """Gives the names that a cell leaves behind when it has run.

    Args:
        source: str.

    Returns:
        dict from str to "import", "definition" (of a function or class) or "value".
    """
    bound = {}
    for node in _own_scope(ast.parse(_python(source))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).partition(".")[0]: "import" for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound[node.name] = "definition"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            bound[node.id] = "value"
    return bound


def what_runs(source: str) -> str:
    """Gives what a cell does: its editions in two languages differ in comments and docstrings only.

    Args:
        source: str.

    Returns:
        str, equal for cells whose code is; the source itself when the cell cannot be parsed.
    """
    text = _python(source)
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, _WITH_DOCSTRINGS) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    try:
        return ast.dump(tree) if text else source
    except RecursionError:  # it can be parsed, and is too deep to be written
        return source


def needed_cells(sources: list[str], whole: set[int]) -> list[int]:
    """Chooses the cells that bind or visibly change what certain cells use, and what those need in turn.

    A guess: that a cell changes a value through another name, or inside a function, cannot be seen. Whoever
    uses it verifies the result.

    Args:
        sources: list of str, in the order in which they run.
        whole: set of int, places of the cells that are wanted.

    Returns:
        list of int, places of the wanted cells and of those they need, in order.
    """
    bound = [names_bound(source) for source in sources]
    imported = {name for names in bound for name, kind in names.items() if kind == "import"}
    chosen, wanted = [], set()
    for place in reversed(range(len(sources))):
        changed = _changed(sources[place]) - imported
        if place in whole or wanted & (bound[place].keys() | changed):
            chosen.append(place)
            wanted = wanted - bound[place].keys() | names_read(sources[place])
    return chosen[::-1]


def skeleton(sources: list[str], whole: set[int]) -> list[str] | None:
    """Reduces a notebook to some whole cells and, of the others, the imports and definitions that these need.

    Args:
        sources: list of str, in the order in which they run.
        whole: set of int, places of the cells that stay as they are.

    Returns:
        list of str, one per cell, "" where nothing is left; None when something is needed that only running
        other cells makes, or there is too much code to look at.
    """
    if sum(map(len, sources)) > _MOST_CODE:
        return None
    rest = {place: _python(source) for place, source in enumerate(sources) if place not in whole}
    trees = {place: ast.parse(text) for place, text in rest.items()}
    lines = {place: text.split("\n") for place, text in rest.items()}
    inside = set().union(*(names_bound(sources[place]) for place in whole))
    values = {name for text in rest.values() for name, kind in names_bound(text).items() if kind == "value"}
    offered = {}
    for place, tree in trees.items():
        for node in tree.body:
            for name in _offers(node):
                offered.setdefault(name, []).append((place, node))
    kept, seen = set(), set()
    waiting = {_ALWAYS}.union(*(names_read(sources[place]) for place in whole))
    while waiting:
        name = waiting.pop()
        seen.add(name)
        if name in values and name not in inside and not hasattr(builtins, name):
            return None
        for place, node in offered.get(name, ()):
            kept.add(node)
            waiting |= names_read(_text_of(lines[place], node)) - seen
    return [
        "\n".join(_text_of(lines[place], node) for node in trees[place].body if node in kept)
        if place in rest
        else source
        for place, source in enumerate(sources)
    ]


_ALWAYS = "*"  # stands for what every cell needs


def _offers(node: ast.stmt) -> list[str]:
    """Gives the names for whose sake a statement is kept: what it imports or defines."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("runtime"), "start"))):
            return [_ALWAYS]
    return []


def _text_of(lines: list[str], node: ast.stmt) -> str:
    first = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", ()))])
    return "\n".join(lines[first - 1 : node.end_lineno])


def _changed(source: str) -> set[str]:
    """Gives the names that a cell changes in plain sight: by assigning to a part, or by calling a method."""
    changed = set()
    for node in ast.walk(ast.parse(_python(source))):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed |= _root(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            changed |= _root(node.value.func) if isinstance(node.value.func, ast.Attribute) else set()
    return changed


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _own_scope(tree: ast.AST) -> Iterator[ast.AST]:
    """Yields every node of the cell's own scope, not inside its functions, classes and comprehensions."""
    scopes = (
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
        *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    )
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, scopes):
            waiting += ast.iter_child_nodes(node)


def _python(source: str) -> str:
    """Gives a cell as plain Python, its magics as the calls that IPython makes of them; "" if that fails."""
    if len(source) > _MOST_IN_A_CELL:
        return ""
    # These run the rest of the cell in its own namespace; the others may hold any language.
    source = re.sub(r"\A\s*%%(time|capture)\b.*\n", "\n", source)
    try:
        return _checked(source)
    # Not every text that can be parsed can be compiled, such as a `return` outside of functions.
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    try:
        return _checked(_without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError, RuntimeError):
        return ""


def _checked(text: str) -> str:
    ast.parse(text)
    symtable.symtable(text, "cell", "exec")
    return text


def _without_magics(source: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    too_long = len(source) > _LONGEST_WITH_MAGICS or len(_MAGIC.findall(source)) > _MOST_MAGICS
    if too_long or _NESTED_MAGIC.search(source):
        raise ValueError("more magics than a cell of a lesson has")
    return TransformerManager().transform_cell(source)
