"""What each command of the command line takes, and who does it."""

import argparse
import os
import sys
from pathlib import Path

from course_utils.command import environment, interpreter, speech
from course_utils.errors import CourseError
from course_utils.places import LANGUAGES, MY_LESSONS, ROOT, SITE, TESTS


def run(arguments: list[str]) -> int:
    """Runs one command.

    Args:
        arguments: the command line after ``python3 -m course_utils``.

    Returns:
        The exit code.

    Raises:
        CourseError: if something has to be put right first.
    """
    options = _parser().parse_args(arguments)
    # Of these two the folder is that of the lessons, which remembers their language.
    folder = options.folder if options.run in (_lab, _answer) else MY_LESSONS
    with speech.in_words_of(getattr(options, "language", None), Path(folder or MY_LESSONS)):
        return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = speech.Parser(
        prog="python3 -m course_utils",
        description="The course: opens the lessons, tests them, looks after their environment.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_lab(commands)
    if is_whole():
        _add_tests(commands)
    else:
        _add_trial(commands)
    doctor = commands.add_parser(
        "doctor", help="check this machine and the installation, with a remedy for each finding"
    )
    doctor.set_defaults(run=_doctor)
    _add_fetch(commands)
    _add_report(commands)
    if is_whole():
        _add_answer(commands)
        _add_render(commands)
        _add_translate(commands)
        _add_site(commands)
        _add_release(commands)
        _add_experiment(commands)
        _add_assign(commands)
        _add_grade(commands)
    _add_install(commands)
    return parser


def is_whole() -> bool:
    """Says whether this is the whole course; a student's kit has neither tests nor what instructors need."""
    return TESTS.is_dir()


def _add_lab(commands: argparse._SubParsersAction) -> None:
    lab = commands.add_parser(
        "lab", help="open the lessons in JupyterLab; the first time, install what they need"
    )
    lab.set_defaults(run=_lab)
    lab.add_argument(
        "--no-browser", action="store_true", help="do not open a browser, only print the address"
    )
    lab.add_argument(
        "--port", type=_port, metavar="N", help="listen on this port (default: the first free one from 8888)"
    )
    lab.add_argument(
        "--ip", default="localhost", metavar="ADDRESS", help="listen on this address (default: %(default)s)"
    )
    lab.add_argument(
        "--folder", metavar="DIR", help="your working folder (default: my_lessons in the course's folder)"
    )
    lab.add_argument(
        "--language",
        choices=["en", "zh"],
        help="language of the lessons: English or Chinese (default: that of last time, or of this computer)",
    )


def _add_tests(commands: argparse._SubParsersAction) -> None:
    test = commands.add_parser("test", help="run every test and every lesson")
    test.set_defaults(run=_test)
    test.add_argument("--lesson", metavar="NN", help="one lesson only: its notebook, its checks")
    test.add_argument("--fast", action="store_true", help="no notebooks and no slow tests")
    test.add_argument(
        "--backend",
        choices=["jax", "torch"],
        help="the rooms that stand on arrays alone, on another backend of Keras (extra `backends`)",
    )
    test.add_argument("-x", action="store_true", dest="stop", help="stop at the first failure")
    test.add_argument("-k", metavar="EXPRESSION", dest="expression", help="only tests whose name matches")
    test.add_argument("pytest", nargs="*", metavar="-- ARGUMENT", help="everything after -- goes to pytest")


def _add_trial(commands: argparse._SubParsersAction) -> None:
    test = commands.add_parser("test", help="check the installation and run every lesson to its end")
    test.set_defaults(run=_try)
    test.add_argument("--lesson", metavar="NN", help="one lesson only")


def _add_fetch(commands: argparse._SubParsersAction) -> None:
    fetch = commands.add_parser(
        "fetch", help="fetch SmolLM2, a language model of 93 MB that lesson 10 uses where it is"
    )
    fetch.set_defaults(run=_fetch)
    fetch.add_argument("what", choices=["smollm2"], help="%(choices)s")


def _add_report(commands: argparse._SubParsersAction) -> None:
    report = commands.add_parser(
        "report", help="make a model report in a new folder; or check the one there and say what is missing"
    )
    report.set_defaults(run=_report)
    report.add_argument("folder", metavar="DIR", help="the report's folder")
    report.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def _add_answer(commands: argparse._SubParsersAction) -> None:
    answer = commands.add_parser(
        "answer", help="show the model answer of a written question, once you have written yours"
    )
    answer.set_defaults(run=_answer)
    answer.add_argument("number", metavar="NUMBER", help="the exercise, such as 3.6")
    answer.add_argument(
        "--folder", metavar="DIR", default=MY_LESSONS, help="your working folder (default: my_lessons)"
    )


def _add_render(commands: argparse._SubParsersAction) -> None:
    render = commands.add_parser("render", help="execute lessons and store their outputs (for authors)")
    render.set_defaults(run=_render)
    render.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all)")


def _add_translate(commands: argparse._SubParsersAction) -> None:
    translate = commands.add_parser(
        "translate",
        help="bring the catalogues of the Chinese edition up to date, and check them (for authors)",
    )
    translate.set_defaults(run=_translate)
    translate.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all)")
    translate.add_argument(
        "--terms", action="store_true", help="also list terms whose Chinese is not that of the glossary"
    )


def _add_site(commands: argparse._SubParsersAction) -> None:
    site = commands.add_parser("site", help="make the web site of the course, without executing anything")
    site.set_defaults(run=_site)
    site.add_argument(
        "--folder", metavar="DIR", default=SITE, help="where to (default: site in the course's folder)"
    )
    _take_repository(site)


def _add_release(commands: argparse._SubParsersAction) -> None:
    release = commands.add_parser(
        "release", help="make all that people download of a version, in a new folder; publishes nothing"
    )
    release.set_defaults(run=_release)
    release.add_argument("version", metavar="X.Y", help="the version, which the files must name already")
    release.add_argument(
        "--folder", metavar="DIR", help="where to (default: dist/X.Y.Z in the course's folder)"
    )
    _take_repository(release)


def _take_repository(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--repository",
        metavar="OWNER/NAME",
        default=os.environ.get("GITHUB_REPOSITORY", ""),
        help="where the course is published on GitHub, for buttons that open a lesson on Binder and Colab "
        "(default: $GITHUB_REPOSITORY, or no such buttons)",
    )


def _add_experiment(commands: argparse._SubParsersAction) -> None:
    experiment = commands.add_parser(
        "experiment", help="run a recorded experiment again, or go on with one that was interrupted"
    )
    experiment.set_defaults(run=_experiment)
    experiment.add_argument("name", choices=_experiments(), help="one of: %(choices)s", metavar="NAME")
    experiment.add_argument("--seeds", metavar="N", help="how many seeds (default: as recorded)")
    experiment.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="spread the runs over a cluster of Dask, such as tcp://10.0.0.5:8786, or over worker processes "
        "of this machine: local:2",
    )


def _add_assign(commands: argparse._SubParsersAction) -> None:
    assign = commands.add_parser(
        "assign",
        help="make the nbgrader assignment of a lesson, or the whole course directory (for instructors)",
    )
    assign.set_defaults(run=_assign)
    assign.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers")
    assign.add_argument("--all", action="store_true", help="every lesson that has exercises")
    assign.add_argument(
        "--to", metavar="DIR", default="my_course", help="the course directory (default: %(default)s)"
    )


def _add_grade(commands: argparse._SubParsersAction) -> None:
    grade = commands.add_parser("grade", help="grade what a class has handed in (for instructors)")
    grade.set_defaults(run=_grade)
    grade.add_argument(
        "folder",
        metavar="DIR",
        help="the course directory, or a folder with a notebook or a folder per student",
    )
    grade.add_argument(
        "--workers", type=_positive, metavar="N", help="submissions at a time (default: one per core)"
    )
    grade.add_argument(
        "--seconds", type=_positive, metavar="N", default=60, help="time for one cell (default: %(default)s)"
    )
    grade.add_argument(
        "--memory",
        type=_positive,
        metavar="MB",
        default=4096,
        help="memory that one submission may take, in megabytes (default: %(default)s)",
    )
    grade.add_argument(
        "--unsafe",
        action="store_true",
        help="without isolation, where bubblewrap is not to be had; says what you risk",
    )


def _add_install(commands: argparse._SubParsersAction) -> None:
    install = commands.add_parser(
        "install", help="only make or mend the environment; lab and test do it by themselves"
    )
    install.set_defaults(run=_install, extras=[])
    if is_whole():
        install.add_argument(
            "--with",
            dest="extras",
            action="append",
            choices=["instructor", "site", "backends", "doors", "scale", "hub"],
            help="further packages: nbgrader (instructor), or that and what makes the web site (site); for "
            "lesson 12 JAX and PyTorch (backends), Hugging Face datasets and TFDS (doors), Dask (scale); "
            "JupyterHub (hub); may be given several times",
        )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 1")
    return int(text)


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: expected a whole number from 1 to 65535")
    return number


def _lab(options: argparse.Namespace) -> int:
    environment.enter()
    from course_utils.command import lab

    return lab.start(options.folder, options.port, options.ip, not options.no_browser, options.language)


def _test(options: argparse.Namespace) -> int:
    from course_utils.command import testing

    if options.backend:
        environment.enter()
        _require_backends()
        return testing.start(testing.rooms_command(options.fast, _for_pytest(options)), options.backend)
    command = testing.command(options.lesson, options.fast, _for_pytest(options))
    environment.enter()
    return testing.start(command)


def _require_backends() -> None:
    from course_utils.scale import extras

    if not extras.backends.installed():
        raise CourseError(extras.backends.absent)


def _try(options: argparse.Namespace) -> int:
    from course_utils.command import testing

    notebooks = testing.notebooks([options.lesson] if options.lesson else [])
    environment.enter()
    _take_variables()
    return testing.try_lessons(notebooks)


def _for_pytest(options: argparse.Namespace) -> list[str]:
    stop = ["-x"] if options.stop else []
    expression = ["-k", options.expression] if options.expression else []
    return [*stop, *expression, *options.pytest]


def _doctor(options: argparse.Namespace) -> int:
    # The doctor looks at what is there: it never makes an environment, and without one it still runs.
    python = environment.ready()
    if python is not None:
        environment.enter()
    from course_utils.command import doctor

    return 1 if any(finding.mark == "fail" for finding in doctor.report()) else 0


def _fetch(options: argparse.Namespace) -> int:
    environment.enter()
    from course_utils.command import fetching

    fetching.fetch_smollm2()
    return 0


def _report(options: argparse.Namespace) -> int:
    environment.enter()
    from course_utils.command import report

    return report.run(options.folder, options.as_json)


def _answer(options: argparse.Namespace) -> int:
    environment.enter()
    from course_utils.lessons import answers

    readable = LANGUAGES if speech.letters_of_terminal()[1] else ("en",)
    answer = answers.model_answer(options.number, Path(options.folder), readable=readable)
    with speech.as_written():
        print(answer)
    return 0


def _render(options: argparse.Namespace) -> int:
    from course_utils.command import testing

    notebooks = testing.notebooks(options.lessons)
    environment.enter()
    from course_utils.lessons import render

    # Lessons run with the variables that `lab` and `test` give them.
    _take_variables()
    render.render(notebooks)
    return 0


def _translate(options: argparse.Namespace) -> int:
    from course_utils.command import testing

    notebooks = testing.notebooks(options.lessons)
    environment.enter()
    from course_utils.command import translate

    return 1 if translate.update(notebooks, options.terms) else 0


def _site(options: argparse.Namespace) -> int:
    from course_utils.site import destination

    destination.require(options.folder, options.repository)
    environment.enter("site")
    from course_utils.site import build

    first = build.build(options.folder, options.repository)
    print(f"The site is complete: open {first} in a browser.")
    return 0


def _release(options: argparse.Namespace) -> int:
    from course_utils.command import release

    version, folder = release.require(options.version, options.folder)
    environment.enter("site")
    # Tests, Sphinx and nbgrader start programs that are installed beside them.
    _take_variables()
    made = release.make(version, folder, options.repository)
    print(f"The release is complete, in {folder}:")
    for path in made:
        print(f"  {path.name} ({path.stat().st_size / 1e6:.1f} MB)")
    print(f"Nothing is published yet. Once you have looked at it:\n\n{release.next_steps(version)}")
    return 0


def _experiments() -> list[str]:
    folder = ROOT / "course_utils" / "experiments"
    return sorted(path.stem for path in folder.glob("*.py") if path.stem not in ("__init__", "results"))


def _experiment(options: argparse.Namespace) -> int:
    environment.enter()
    variables = environment.child_environment()
    if options.cluster is not None:
        from course_utils.command import addons
        from course_utils.scale import cluster

        addons.add("scale")
        variables[cluster.ADDRESS] = cluster.where(options.cluster)
    seeds = ["--seeds", options.seeds] if options.seeds else []
    command = [sys.executable, "-m", f"course_utils.experiments.{options.name}", *seeds]
    interpreter.run_instead(command, variables)
    return 0


def _assign(options: argparse.Namespace) -> int:
    from course_utils.command import testing

    if options.all == bool(options.lessons):
        raise CourseError("assign: say which lessons, such as `assign 05`, or `assign --all` for every one.")
    lessons = [path for path in testing.notebooks(options.lessons) if b'"nbgrader"' in path.read_bytes()]
    _enter_with_nbgrader()
    from course_utils.grading import assignments

    for sentence in assignments.assign(lessons, options.to):
        print(f"  {sentence}")
    print(
        f"Submissions go to {options.to}/submitted/STUDENT/LESSON/; then: "
        f"python3 -m course_utils grade {options.to}"
    )
    return 0


def _grade(options: argparse.Namespace) -> int:
    _enter_with_nbgrader()
    from course_utils.grading.limits import Limits
    from course_utils.grading.run import grade

    if options.unsafe:
        print(
            "Without isolation: every submission runs as you, and can read, change and send away whatever "
            "you can.",
            flush=True,
        )
    seconds = options.seconds
    limits = Limits(
        cell_seconds=seconds,
        call_seconds=min(20, seconds),
        total_seconds=10 * seconds,
        memory=options.memory * 2**20,
    )
    outcome = grade(options.folder, options.workers, limits, options.unsafe)
    print(
        f"{outcome.graded} graded, {outcome.kept} kept from before, {outcome.broken} not to be graded. "
        f"In {outcome.folder}: grades.csv, hints.csv, where_stuck.png, feedback/, and Formgrader's gradebook."
    )
    return 0


def _take_variables() -> None:
    """Gives this process the variables of its children, which it starts through somebody else's code."""
    variables = environment.child_environment()
    for name in set(os.environ) - set(variables):
        del os.environ[name]
    os.environ.update(variables)


def _enter_with_nbgrader() -> None:
    environment.enter("instructor")
    # nbgrader starts programs that are installed beside it.
    _take_variables()


def _install(options: argparse.Namespace) -> int:
    # The last lock that is asked for holds the others.
    lock = [name for name in environment.LOCKS if name in ("", *options.extras)][-1]
    added = [name for name in dict.fromkeys(options.extras) if name not in environment.LOCKS]
    if not added:
        python = environment.ensure(lock)
    else:
        environment.enter(lock)
        from course_utils.command import addons

        for name in added:
            addons.add(name)
        python = sys.executable
    print(f"The course's packages are complete, for {python}.")
    return 0
