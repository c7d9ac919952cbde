"""Which cells of a notebook have to run for certain names to be there."""

import ast
import builtins
import re
import symtable

__all__ = ["names_bound", "names_read", "needed_cells", "skeleton"]


def names_read(source):
    """Return the names that a cell looks up in the notebook's namespace, also from inside its functions.

    Args:
        source: str.

    Returns:
        set of str; empty when the cell cannot be parsed.
    """
    names = set()
    tables = [symtable.symtable(_python(source), "cell", "exec")]
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


def names_bound(source):
    """Return the names that a cell leaves behind when it has run.

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


def needed_cells(sources, whole):
    """Choose the cells that bind or visibly change what certain cells use, and what those need in turn.

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


def skeleton(sources, whole):
    """Reduce a notebook to some whole cells and, of the others, the imports and definitions that these need.

    Args:
        sources: list of str, in the order in which they run.
        whole: set of int, places of the cells that stay as they are.

    Returns:
        list of str, one per cell, "" where nothing is left; None when something is needed that only running
        other cells makes.
    """
    rest = {place: _python(source) for place, source in enumerate(sources) if place not in whole}
    trees = {place: ast.parse(text) for place, text in rest.items()}
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
            waiting |= names_read(_text_of(rest[place], node)) - seen
    return [
        "\n".join(_text_of(rest[place], node) for node in trees[place].body if node in kept)
        if place in rest
        else source
        for place, source in enumerate(sources)
    ]


_ALWAYS = "*"  # stands for what every cell needs


def _offers(node):
    """The names for whose sake a statement is kept: what it imports or defines."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    call = node.value if isinstance(node, ast.Expr) else None
    starts = isinstance(call, ast.Call) and ast.unparse(call.func) == "runtime.start"
    return [_ALWAYS] if starts else []


def _text_of(text, node):
    first = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", ()))])
    return "\n".join(text.split("\n")[first - 1 : node.end_lineno])


def _changed(source):
    """Names whose values a cell changes in plain sight: it assigns to a part, or a method is a statement."""
    changed = set()
    for node in ast.walk(ast.parse(_python(source))):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed |= _root(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            changed |= _root(node.value.func) if isinstance(node.value.func, ast.Attribute) else set()
    return changed


def _root(node):
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _own_scope(tree):
    """Every node that runs in the cell's own scope, not inside its functions, classes and comprehensions."""
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


def _python(source):
    """Return a cell as plain Python, its magics as the calls that IPython makes of them; "" if that fails."""
    from IPython.core.inputtransformer2 import TransformerManager

    # These run the rest of the cell in its own namespace; the others may hold any language.
    source = re.sub(r"\A\s*%%(time|capture)\b.*\n", "\n", source)
    try:
        text = TransformerManager().transform_cell(source)
        ast.parse(text)
        # Not every text that can be parsed can be compiled, such as a `return` outside of functions.
        symtable.symtable(text, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return text
