"""Model reports: a folder that says what a model is worth, and a check of all in it that can be checked.

A report is a folder with three files in UTF-8.

``items.csv``, columns ``item, split, group, source, licence``
    A row for each item. The split is train, validation or test; a group (subject, person, document) lies in
    one split alone.
``answers.csv``, columns ``system, seed, item, truth, answer`` (further ones are not read)
    A row for each system, seed and test item: every system answers all test items with every seed.
``report.md``
    Headings Task, Data, Splits, Baselines, Method, Results, Errors, Limits, Licence and How to run it, in
    English or Chinese, each with something below it and no blank ``…`` left. Four sections have a table:
    Baselines and Method say which systems there are and which were trained, Results has their figures, Errors
    what was looked at. What stands in comments ``<!-- -->`` or fenced code is not read.

``python3 -m course_utils report DIR`` makes such a folder and checks it. Introduced in lesson 13.
"""

from course_utils.reports.checking import Report, check
from course_utils.reports.figures import Figures
from course_utils.reports.skeleton import make

__all__ = ["Figures", "Report", "check", "make"]
