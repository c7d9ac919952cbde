"""Points that somebody has given by hand, and the text that they are for.

The gradebook itself keeps digests of these texts, so that a copy of it that is put back says what it knows,
and under nobody's name, so that nothing of a person stays when nbgrader removes one.
"""

import hashlib
import json
from dataclasses import dataclass, field

import sqlalchemy
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook

__all__ = ["HandPoints", "digest", "digests_of_texts", "entry", "known_texts", "remember", "take_back"]

_TEXTS = sqlalchemy.Table(
    "course_utils_text",
    sqlalchemy.MetaData(),
    *(sqlalchemy.Column(name, sqlalchemy.Text, primary_key=True) for name in ("notebook", "cell")),
    sqlalchemy.Column("digest", sqlalchemy.Text, nullable=False),
)


@dataclass
class HandPoints:
    """What became of the points that were given by hand for an earlier hand-in.

    Attributes:
        settled: set of str, grade_ids of cells whose points stand.
        taken: set of str, grade_ids of cells whose points were taken back.
        notes: list of str, what an instructor must know.
    """

    settled: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def entry(book: Gradebook, student: str, lesson: str) -> SubmittedNotebook | None:
    """Gives a submission's entry in the gradebook.

    Args:
        book: Gradebook.
        student: str.
        lesson: str.

    Returns:
        SubmittedNotebook, with its grades and comments; None if it has not been entered.
    """
    try:
        return book.find_submission_notebook(lesson, lesson, student)
    except MissingEntry:
        return None


def known_texts(book: Gradebook, submission: SubmittedNotebook) -> dict[str, str]:
    """Reads what a gradebook knows of the texts that its points are for.

    Args:
        book: Gradebook.
        submission: SubmittedNotebook.

    Returns:
        dict from grade_id to digest; under "", that of the whole notebook.
    """
    _TEXTS.create(book.engine, checkfirst=True)
    rows = book.db.execute(
        sqlalchemy.select(_TEXTS.c.cell, _TEXTS.c.digest).where(_TEXTS.c.notebook == submission.id)
    )
    return dict(tuple(row) for row in rows)


def remember(book: Gradebook, submission: SubmittedNotebook, texts: dict[str, str]) -> None:
    """Enters which texts a gradebook's points are for; the caller commits.

    Args:
        book: Gradebook.
        submission: SubmittedNotebook.
        texts: dict as :func:`known_texts` gives it.
    """
    _TEXTS.create(book.engine, checkfirst=True)
    book.db.execute(sqlalchemy.delete(_TEXTS).where(_TEXTS.c.notebook == submission.id))
    rows = [{"notebook": submission.id, "cell": cell, "digest": texts[cell]} for cell in texts]
    book.db.execute(sqlalchemy.insert(_TEXTS), rows)


def take_back(
    book: Gradebook, submission: SubmittedNotebook, notebook: NotebookNode, before: dict[str, str]
) -> HandPoints:
    """Takes back the points that were given by hand for another text; the comment then names them.

    Args:
        book: Gradebook.
        submission: SubmittedNotebook, as it was entered before.
        notebook: NotebookNode that is about to be entered.
        before: dict from grade_id to digest, of the texts that were entered before, for a gradebook that does
            not know them.

    Returns:
        :class:`HandPoints`.
    """
    known, now = known_texts(book, submission) or before, digests_of_texts(notebook)
    carriers = _comment_cells(notebook)
    found = HandPoints()
    for grade in submission.grades:
        if grade.name not in now or (grade.manual_score is None and not grade.extra_credit):
            continue
        if grade.name not in known:
            found.notes.append(f"{grade.name}: its points by hand may be for an earlier text: look again")
        elif known[grade.name] == now[grade.name]:
            if not grade.needs_manual_grade:
                found.settled.add(grade.name)
        else:
            given = f"{grade.score:g} of {grade.max_score:g} points"
            comment = next(one for one in submission.comments if one.name == carriers[grade.name])
            said = f"Given for an earlier text: {given}."
            comment.manual_comment = f"{said} {comment.manual_comment or ''}".strip()
            grade.manual_score = grade.extra_credit = None
            found.taken.add(grade.name)
            found.notes.append(f"{grade.name}: {given} by hand were for an earlier text: look again")
    book.db.commit()
    return found


def digests_of_texts(notebook: NotebookNode) -> dict[str, str]:
    """Gives, for each graded cell, a digest of what its points are for.

    Those of a written answer are for its text, those of a check for the answers before it and how it ended.

    Args:
        notebook: NotebookNode as graded.

    Returns:
        dict from grade_id to str.
    """
    digests = {}
    for cell, answers in _graded_cells(notebook):
        texts = [[answer.source.strip(), answer.get("attachments", {})] for answer in answers]
        failed = any(output.output_type == "error" for output in cell.get("outputs", []))
        content = json.dumps([texts, failed], sort_keys=True)
        digests[cell.metadata.nbgrader.grade_id] = digest(content.encode())
    return digests


def digest(content: bytes) -> str:
    """Gives what identifies a content.

    Args:
        content: bytes.

    Returns:
        str.
    """
    return hashlib.sha256(content).hexdigest()


def _comment_cells(notebook: NotebookNode) -> dict[str, str]:
    """Give, for each graded cell, the one that carries a comment on it: nbgrader has them on answers only."""
    return {
        cell.metadata.nbgrader.grade_id: answers[-1].metadata.nbgrader.grade_id
        for cell, answers in _graded_cells(notebook)
    }


def _graded_cells(notebook: NotebookNode) -> list[tuple[NotebookNode, list[NotebookNode]]]:
    """Gives each graded cell with the answers that it is about."""
    found, answers = [], []
    for cell in notebook.cells:
        roles = cell.metadata.get("nbgrader", {})
        if roles.get("solution"):
            answers.append(cell)
        if roles.get("grade"):
            about = [cell] if roles.get("solution") else answers
            if about:
                found.append((cell, about))
            answers = []
    return found
