"""Takes the place of ``course_utils.checks`` inside the sandbox: checks run outside, and here they do nothing."""


class _Silent:
    def __getattr__(self, name):
        return lambda *arguments, **named: None


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return _Silent()
