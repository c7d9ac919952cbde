"""The folder of a report, still to be filled in."""

import contextlib
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.files import from_home, write_atomically

__all__ = ["ANSWERS", "ITEMS", "REPORT", "is_new", "make"]

REPORT, ITEMS, ANSWERS = "report.md", "items.csv", "answers.csv"

_REPORT = """# …

<!-- Put a text in the place of each blank, the three dots. Comments such as this one may stay: they are not
read. -->

## Task

<!-- What goes in, which modalities, what comes out, for whom it is. What a wrong answer costs. -->

…

## Data

<!-- Where the items come from, how many, how they were chosen and labelled, what is known to be wrong with
them. -->

…

## Splits

<!-- What comes in groups, and so must not lie in two splits. What was chosen on which split. The test was
looked at how often? -->

…

## Baselines

<!-- A row for each system that the method has to beat, named as in answers.csv: each modality alone, and
the simplest way to join them. Always answering the most frequent label is computed for you. "yes" for what
was trained: it needs 3 seeds at least; "no" for what has nothing to train. -->

| system | trained |
|---|---|
| … | … |

…

## Method

<!-- The same table for your own systems; the first row is the one that the report is about. Then how it
works, and what was tuned, on what. -->

| system | trained |
|---|---|
| … | … |

…

## Results

<!-- A row for each system: mean accuracy over the seeds, standard deviation of the seeds (a dash where
there is one seed), ends of the 95 % interval over the test items. `python3 -m course_utils report` prints
this table, computed from answers.csv. Then what follows from it, and what does not. -->

| system | accuracy | sd | low | high |
|---|---|---|---|---|
| … | … | … | … | … |

…

## Errors

<!-- Ten test items that the first system of Method answered wrongly, or all if there are fewer. Look at
each of them. Then what they have in common. -->

| item | truth | answer | why |
|---|---|---|---|
| … | … | … | … |

…

## Limits

<!-- What the test does not show. On which people, places, languages and pictures nothing is known. What it
must not be used for. -->

…

## Licence

<!-- Every licence that items.csv names, and what it asks for. The licence of your own work. -->

…

## How to run it

<!-- The commands that make answers.csv anew; versions, seconds and memory. -->

…
"""

_FILES = {
    REPORT: _REPORT,
    ITEMS: "item,split,group,source,licence\n",
    ANSWERS: "system,seed,item,truth,answer\n",
}


def is_new(folder: str | Path) -> bool:
    """Says whether a report could be made in a folder: it is not there yet, or holds nothing.

    Args:
        folder: str or Path; "~" is the home folder.

    Returns:
        bool.

    Raises:
        CourseError: when it is no folder, or may not be read.
    """
    folder = from_home(folder)
    try:
        if folder.is_dir():
            return not any(folder.iterdir())
        if folder.exists() or folder.is_symlink():
            raise CourseError(
                f"{folder}: this is no folder: give the name of one, new or with a report in it."
            )
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{folder}: the folder cannot be read: {getattr(error, 'strerror', error)}."
        ) from error
    return True


def make(folder: str | Path) -> list[Path]:
    """Makes a report whose blanks are still to be filled in (lesson 13). What is there is never overwritten.

    Args:
        folder: str or Path of a folder that is empty or not there yet; the one around it must exist.

    Returns:
        list of Path, the three files.

    Raises:
        CourseError: when the folder holds something or cannot be written; then nothing is left behind.
    """
    folder = from_home(folder)
    if not is_new(folder):
        raise CourseError(
            f"{folder}: something is in this folder: a report is made in a new or an empty one."
        )
    existed = folder.is_dir()
    paths = [folder / name for name in _FILES]
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"{folder}: the folder could not be made: {error.strerror}. Check that the one around it exists "
            "and that you may write there."
        ) from error
    try:
        for path in paths:
            write_atomically(path, _FILES[path.name])
    except BaseException:  # Ctrl-C, too
        with contextlib.suppress(OSError):
            for path in paths:
                path.unlink(missing_ok=True)
            if not existed:
                folder.rmdir()
        raise
    return paths
