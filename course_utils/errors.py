"""The one family of errors that the course raises on purpose."""


class CourseError(Exception):
    """Something a person can put right: a bad file, a bad argument, a machine that lacks something.

    The message names the file or argument, what was found, what was expected and what to do.
    """

    def _render_traceback_(self):
        # IPython calls this in place of its own traceback: the message says what to do, forty lines of
        # library frames above it would hide it.
        return [f"{type(self).__name__}: {self}"]
