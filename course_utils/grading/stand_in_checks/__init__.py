"""Takes the place of ``course_utils.checks`` in the sandbox, where checks do nothing: they run outside."""


class _Silent:
    def __getattr__(self, name):
        return lambda *arguments, **named: None


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return _Silent()
