"""What an instructor opens runs nothing that a student has written, shows the rest, and keeps to bounds."""

import base64
import gc
import os
import signal
import threading
import time
import zlib

import nbformat
import pytest
from nbformat import NotebookNode, v4

from course_utils.errors import CourseError
from course_utils.grading import pages
from course_utils.grading.bounded import Stopped, run_bounded
from course_utils.grading.pages import is_harmless, presentable, shown_as, within_budget
from course_utils.grading.timestamps import to_utc
from course_utils.lessons.editions import clear_answers, show_targets
from course_utils.places import NOTEBOOKS

DOT = base64.b64encode(bytes.fromhex("89504e470d0a1a0a") + bytes(50)).decode()

HARMFUL = [
    "<script>alert(1)</script>",
    "text <script src='https://example.org/x.js'></script>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="alert(1)">',
    "<svg onload=alert(1)>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>@import 'https://example.org/x.css';</style>",
    "<base href='https://example.org/'>",
    "<meta http-equiv='refresh' content='0;url=https://example.org'>",
    "<form action='https://example.org'><input name='x'></form>",
    "<object data='x'></object><embed src='x'>",
    "<details open ontoggle=alert(1)>x</details>",
    "<body onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    '<a href="jav&#97;script:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](vbscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](files/javascript:alert(1))",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "[x](/formgrader?path=/tmp/settings)",
    "[x](../../formgrader?path=/tmp/settings)",
    "[x](//example.org/x)",
    "![x](/formgrader?path=/tmp/settings)",
    "![x](https://example.org/seen.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    "# heading <img src=x onerror=alert(1)>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "$x$ <script>alert(1)</script>",
    "<p title='<img src=x onerror=alert(1)>'>x</p>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "</div></div></div><h1>Score: 2 / 2</h1>",
    '<div class="navbar-fixed-top">over everything</div>',
    '<div style="position:fixed;top:0">over everything</div>',
    '<input class="score" type="checkbox">',
    "# ex-00-2-comment",
    '<b id="ex-00-2">x</b>',
    "<plaintext>",
    "<b>never closed",
    "<b><i>crossed</b></i>",
    "<b>" * 200 + "</b>" * 200,
    "<img\x0csrc=x\x0conerror=alert(1)>",
    "<textarea>",
]
HARMLESS = [
    "Two *modalities* and **one** `answer`.",
    "$x<y$ and\n\n$$\\begin{aligned}a&=b\\\\c&<d\\end{aligned}$$",
    "\\begin{equation}x^2\\end{equation}",
    "| left | right |\n|:-----|------:|\n| 1 | $x<y$ |",
    "- [ ] open\n- [x] done",
    "# A heading\n\n1. one\n2. two\n\n7) seven",
    "```python\nif a < b:\n    print('<script>')\n```",
    "```unheard-of\n<b>\n```",
    "    indented <script>",
    "`<script>` and 3 < 4 & 5 > 2 and List&lt;int&gt;",
    '<https://example.org/a?b=c> and [a link](https://example.org/?a=b&c=d#e "title")',
    "[another lesson](01_preprocessing.ipynb) and [a place](#a-heading)",
    "[write](mailto:a@example.org)",
    "one<br>two<br/>three <sub>a</sub><sup>2</sup> <kbd>Ctrl</kbd>",
    "<details><summary>More</summary>text</details>",
    "> quoted\n>\n> > twice",
    "~~gone~~\n\nterm\n: explained\n\n---",
    "多模态 مرحبا \u200d 😀",
    "",
]


@pytest.mark.parametrize("text", HARMFUL)
def test_what_could_run_is_shown_as_it_was_written(text):
    shown = shown_as(text)
    assert shown != text
    assert text.replace("\n", "") in shown.replace("\n", "")
    html = pages._rendered(shown, {})
    assert is_harmless(html)
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize("text", HARMLESS)
def test_what_cannot_run_stays_as_it_is(text):
    assert shown_as(text) == text


def test_fences_do_not_let_anything_out():
    for inside in (
        "```",
        "````",
        "``` `````",
        "~~~",
        "$$",
        "\\begin{a}",
        "\n\n```\n<script>x</script>\n```\n",
    ):
        text = f"{inside}\n<script>alert(1)</script>\n{inside}\n<img src=x onerror=alert(1)>"
        html = pages._rendered(shown_as(text), {})
        assert is_harmless(html)
        assert "&lt;img src=x onerror=alert(1)&gt;" in html.replace("</span>", "").replace("<span>", "")


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("[0-9]*.ipynb")), ids=lambda path: path.stem)
def test_the_lessons_own_texts_stay_as_they_are(path):
    release = clear_answers(show_targets(nbformat.read(path, as_version=4)))
    shown, notes = presentable(release)
    assert notes == []
    assert [cell.source for cell in shown.cells] == [cell.source for cell in release.cells]
    pictures = [cell.get("attachments") for cell in shown.cells]
    assert pictures == [cell.get("attachments") for cell in release.cells]


def notebook(*cells: NotebookNode) -> NotebookNode:
    return v4.new_notebook(cells=list(cells))


def test_outputs_are_text_and_pictures():
    bundles = [
        {"text/html": "<script>x</script>", "text/plain": "table"},
        {"application/javascript": "alert(1)"},
        {"image/svg+xml": "<svg onload=alert(1)>"},
        {"text/markdown": "<img src=x onerror=alert(1)>"},
        {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}},
        {"image/png": DOT, "text/plain": "figure"},
        {"image/png": 'x" onerror="alert(1)'},
        {"text/latex": "\\href{javascript:x}{y}"},
    ]
    outputs = [
        v4.new_output("display_data", data, metadata={"image/png": {"width": '"x'}}) for data in bundles
    ]
    shown, _ = presentable(notebook(v4.new_code_cell("x", outputs=outputs)))
    kinds = [set(output.data) for output in shown.cells[0].outputs]
    assert kinds == [*[{"text/plain"}] * 5, {"image/png", "text/plain"}, *[{"text/plain"}] * 2]
    assert "application/javascript" in shown.cells[0].outputs[1].data["text/plain"]
    assert all(output.metadata == {} for output in shown.cells[0].outputs)
    nbformat.validate(shown)


def test_raw_cells_are_shown_as_they_were_written():
    shown, _ = presentable(notebook(v4.new_raw_cell("<img src=x onerror=alert(1)>")))
    assert shown.cells[0].cell_type == "markdown"
    assert is_harmless(pages._rendered(shown.cells[0].source, {}))
    nbformat.validate(shown)


@pytest.mark.parametrize("name", ["a.png", "my plot (1).png", "多.png", "a b.png"])
def test_a_picture_that_is_missing_leaves_the_rest_of_its_text(name):
    cell = v4.new_markdown_cell(f"before $x$ ![p](attachment:{name.replace(' ', '%20')}) after")
    shown, [note] = presentable(notebook(cell))
    assert "missing" in shown.cells[0].source or "As it was written" in shown.cells[0].source
    assert "before $x$" in shown.cells[0].source
    assert "picture" in note or "as it was written" in note
    pages._rendered(shown.cells[0].source, shown.cells[0].get("attachments", {}))


@pytest.mark.parametrize(
    "attached",
    [
        {"image/svg+xml": "PHN2Zz4="},
        {"text/html": DOT},
        {'image/png" onerror="alert(1)': DOT},
        {"image/png": 'x" onerror="alert(1)'},
        {"image/png": ["a"]},
        {},
    ],
)
def test_attachments_of_other_kinds_are_left_out(attached):
    cell = v4.new_markdown_cell("![a](attachment:x.png) ![b](attachment:y.png)")
    cell.attachments = NotebookNode({"x.png": attached, "y.png": {"image/png": DOT, "image/svg+xml": "x"}})
    shown, notes = presentable(notebook(cell))
    [cell] = shown.cells
    assert cell.attachments == {"y.png": {"image/png": DOT}}
    assert "missing" in cell.source
    assert "![b](attachment:y.png)" in cell.source
    assert any("PNG" in note for note in notes)
    assert f'<img src="data:image/png;base64,{DOT}" alt="b" />' in pages._rendered(
        cell.source, cell.attachments
    )


def test_pictures_are_kept_up_to_a_budget_together(monkeypatch):
    monkeypatch.setattr(pages, "MOST_PICTURES", 4000)
    outputs = [v4.new_output("display_data", {"image/png": "A" * 1000}) for _ in range(150)]
    texts = [v4.new_markdown_cell("![a](attachment:a.png)") for _ in range(3)]
    for text in texts:
        text.attachments = {"a.png": {"image/png": "A" * 1000}}
    notes = within_budget(
        [v4.new_code_cell("x", outputs=outputs[:2]), *texts, NotebookNode(outputs=outputs[2:])]
    )
    assert len(notes) == 2
    assert sum(len(output.data.get("image/png", "")) for output in outputs) == 2000
    assert [bool(text.attachments) for text in texts] == [True, True, False]
    assert all("left out" in output.data["text/plain"] for output in outputs[2:])


def test_printed_text_is_kept_up_to_a_budget_together():
    outputs = [v4.new_output("stream", text="x" * 2**20) for _ in range(10)]
    error = v4.new_output("error", ename="E", evalue="x", traceback=["x"])
    notes = within_budget([v4.new_code_cell("x", outputs=[*outputs, error])])
    assert len(notes) == 1
    assert sum(len(output.text) for output in outputs) < pages.MOST_OUTPUT + 1000
    assert "left out" in outputs[-1].text
    assert error.evalue == "x"


def graded_cell(name: str, source: str) -> NotebookNode:
    return v4.new_markdown_cell(
        source, metadata={"nbgrader": {"grade_id": name, "grade": True, "solution": True}}
    )


@pytest.mark.slow
def test_cells_are_counted_and_those_that_are_graded_stay():
    many = [NotebookNode(cell_type="markdown", source="x", metadata=NotebookNode()) for _ in range(30_000)]
    shown, notes = presentable(NotebookNode(cells=[*many, graded_cell("ex-1", "my answer")], metadata={}))
    assert len(shown.cells) < 1100
    assert shown.cells[-1].source == "my answer"
    assert "29,000 cells are left out" in notes[0]
    assert any("29,000 cells are left out here" in cell.source for cell in shown.cells)


def test_long_cells_are_cut_and_say_so():
    shown, _ = presentable(notebook(v4.new_code_cell("x" * 10**6), v4.new_markdown_cell("y" * 10**6)))
    assert all(len(cell.source) < 110_000 and "left out here" in cell.source for cell in shown.cells)
    total, _ = presentable(notebook(*[v4.new_code_cell("x" * 90_000) for _ in range(200)]))
    assert sum(len(cell.source) for cell in total.cells) < 5 * 2**20


@pytest.mark.parametrize("text", ["\\begin{a}" * 20_000, "\\begin{a}" * 5_000, "$" * 49_999, "[" * 49_000])
def test_a_text_that_takes_long_to_format_is_shown_as_it_was_written(text):
    began = time.process_time()
    shown, _ = presentable(notebook(graded_cell("ex-1", text)))
    # Such a text takes a minute and more.
    assert time.process_time() - began < 20
    pages._rendered(shown.cells[0].source, {})
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


def test_texts_that_take_long_together_are_shown_as_they_were_written(monkeypatch):
    monkeypatch.setattr(pages, "_SECONDS", 0.2)
    slow = "\\begin{a}" * 800
    shown, notes = presentable(notebook(*[graded_cell(f"ex-{i}", slow) for i in range(30)]))
    assert shown.cells[-1].source.startswith("*As it was written:*")
    assert "no time" in notes[-1]
    plain, _ = presentable(notebook(graded_cell("ex-1", "$x$")), plain=True)
    assert plain.cells[0].source.startswith("*As it was written:*")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the process that this runs in is stopped here")
def test_only_the_time_of_a_text_itself_counts(monkeypatch):
    """Neither what the renderer imports when it is first used, nor what other threads do."""
    ended = threading.Event()

    def compress():
        while not ended.is_set():
            zlib.compress(bytes(10**7))

    first = [True]

    def rendered(source, attachments):
        while first and time.thread_time() - began < 0.2:
            pass
        first.clear()
        time.sleep(0.3)
        return source

    monkeypatch.setattr(pages, "_CELL_SECONDS", 0.1)
    monkeypatch.setattr(pages, "_rendered", rendered)
    pages._prepare.cache_clear()
    began = time.thread_time()
    busy = threading.Thread(target=compress)
    busy.start()
    try:
        assert shown_as("A short text.") == "A short text."
    finally:
        ended.set()
        busy.join()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the process that this runs in is stopped here")
def test_collecting_what_others_left_is_no_time_of_a_text(monkeypatch):
    enabled = []

    def rendered(source, attachments):
        enabled.append(gc.isenabled())
        return source

    pages._prepare()
    monkeypatch.setattr(pages, "_rendered", rendered)
    assert shown_as("A short text.") == "A short text."
    assert enabled == [False]
    assert gc.isenabled()


def forever():
    while True:
        pass


def grow():
    held = []
    while True:
        held.append(bytearray(10**7))


def fail():
    raise ValueError("what is wrong")


def leave():
    os._exit(3)


def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_of_its_own_answers():
    assert run_bounded(sorted, [3, 1, 2], seconds=60, memory=2**28) == [1, 2, 3]
    with pytest.raises(CourseError, match="ValueError: what is wrong"):
        run_bounded(fail, seconds=60, memory=2**28)


@pytest.mark.parametrize(
    ("function", "limit"),
    [
        (forever, "takes more than"),
        (grow, "GB of memory"),
        (leave, r"ended \(3\)"),
        (kill_itself, r"ended \(-9\)"),
    ],
)
def test_a_process_is_stopped_at_its_limits(function, limit):
    with pytest.raises(Stopped, match=limit):
        run_bounded(function, seconds=2, memory=2**28)


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-03-31 14:05:00 UTC", "2026-03-31 14:05:00.000000 UTC"),
        ("2026-03-31 14:05:00.5 UTC", "2026-03-31 14:05:00.500000 UTC"),
        ("2026-03-31 16:05 Europe/Berlin", "2026-03-31 14:05:00.000000 UTC"),
        ("2026-03-31T16:05:00+02:00", "2026-03-31 14:05:00.000000 UTC"),
        ("2026-03-31 09:35:00 -0430", "2026-03-31 14:05:00.000000 UTC"),
        ("2026-03-31T14:05:00Z", "2026-03-31 14:05:00.000000 UTC"),
        ("\ufeff2026-03-31 14:05:00\r\n", "2026-03-31 14:05:00.000000 UTC"),
        ("", ""),
    ],
)
def test_times_are_read(written, utc):
    assert to_utc(written) == (utc, "")


@pytest.mark.parametrize(
    "written",
    [
        *("yesterday", "monday", "7", "2026-02-30 10:00:00 UTC", "2026-03-31", "31.03.2026 14:05"),
        *("2026-03-31 14:05:00 Mars/Olympus", "2026-03-31 14:05:00 /etc/passwd", "9999-99-99 99:99"),
        *("2026-03-31 14:05:00 ../../x", "\0\0\0", "2026-03-31 14:05:00 +99:99", "１９９９-01-01 10:00"),
    ],
)
def test_what_is_no_time_is_named_with_the_form_expected(written):
    utc, wrong = to_utc(written)
    assert utc == ""
    assert wrong.startswith("timestamp.txt: found ")
    assert "expected a time such as 2026-03-31 14:05:00 UTC" in wrong
