"""The reference: a page for each module, made of its docstrings, which are read and never imported."""

import ast
from collections.abc import Iterator
from pathlib import Path

from course_utils.files import write_atomically

__all__ = ["HIDDEN", "module_page", "write_reference"]

HIDDEN = ("__main__", "checks", "command", "experiments", "grading", "lessons", "site")
"""Rooms without pages: those that know answers, and those that only the command line uses."""


def write_reference(package: Path, folder: Path) -> None:
    """Writes a page for each module that learners and authors use, and one that lists them.

    Args:
        package: Path of the package's folder.
        folder: Path, where to; made here.
    """
    folder.mkdir()
    modules = [
        path for path in sorted(package.iterdir()) if path.suffix == ".py" or (path / "__init__.py").is_file()
    ]
    shown = [path for path in modules if path.stem not in (*HIDDEN, "__init__")]
    for path in shown:
        name = f"{package.name}.{path.stem}"
        if path.is_dir():
            parts = [part for part in sorted(path.glob("*.py")) if part.stem != "__init__"]
            for part in parts:
                _write(folder, f"{name}.{part.stem}", part)
            _write(folder, name, path / "__init__.py", [f"{name}.{part.stem}" for part in parts])
        else:
            _write(folder, name, path)
    listed = _contents([f"{package.name}.{path.stem}" for path in shown])
    write_atomically(
        folder / "index.rst", f"{_title('Reference')}\nWhat the package has, by module.\n\n{listed}"
    )


def _write(folder: Path, name: str, path: Path, parts: list[str] | None = None) -> None:
    text = module_page(name, path.read_text(encoding="utf-8"))
    write_atomically(folder / f"{name}.rst", text + (_contents(parts) if parts else ""))


def _title(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n"


def _contents(names: list[str]) -> str:
    return ".. toctree::\n   :maxdepth: 1\n\n" + "".join(f"   {name}\n" for name in names)


def module_page(name: str, source: str) -> str:
    """Makes the page of a module.

    Args:
        name: of the module, such as "course_utils.plotting".
        source: its text. What `__all__` lists has a place; without one, whatever has no underscore before it.

    Returns:
        reStructuredText.
    """
    tree = ast.parse(source)
    parts = [_title(name), f".. py:module:: {name}\n", _prose(tree)]
    parts += _entries(tree.body, "function", _public(tree))
    return "\n".join(parts) + "\n"


def _public(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return None


def _entries(body: list[ast.stmt], kind: str, public: list[str] | None = None) -> Iterator[str]:
    """Yields the entry of each public definition of a module or class."""
    for node, following in zip(body, [*body[1:], None], strict=True):
        name = _name(node)
        if not name or (name.startswith("_") if public is None else name not in public):
            continue
        if isinstance(node, ast.FunctionDef):
            yield _entry(kind, _signature(node), _prose(node))
        elif isinstance(node, ast.ClassDef):
            start = next((_signature(part) for part in node.body if _name(part) == "__init__"), node.name)
            inside = "\n".join([_prose(node), *_entries(node.body, "method")])
            yield _entry("class", start.replace("__init__", node.name).removesuffix(" -> None"), inside)
        elif isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            yield _entry("data", name, f"{following.value.value}\n")


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0])
    return ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else ""


def _signature(node: ast.FunctionDef) -> str:
    arguments = ast.unparse(node.args).removeprefix("self").removeprefix(", ")
    return f"{node.name}({arguments})" + (f" -> {ast.unparse(node.returns)}" if node.returns else "")


def _entry(kind: str, signature: str, inside: str) -> str:
    indented = "".join(f"   {line}".rstrip() + "\n" for line in inside.splitlines())
    return f".. py:{kind}:: {signature}\n\n{indented}"


def _prose(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    """Gives a docstring, with Google's sections as reStructuredText has them."""
    from sphinx.ext.napoleon import Config, GoogleDocstring

    settings = Config(napoleon_use_ivar=True, napoleon_use_rtype=False)
    return f"{GoogleDocstring(ast.get_docstring(node) or '', settings)}\n"
