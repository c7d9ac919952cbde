"""Shared code of the course: data, preprocessing, plotting, checks and the command line.

Importing this package is cheap on purpose (no NumPy, no TensorFlow, no matplotlib): every part is
imported by the lesson that needs it, as in ``from course_utils.preprocessing import images``.
"""

from course_utils.errors import CourseError
from course_utils.places import moved

__all__ = ["CourseError", "__version__"]

__version__ = "0.2.0"

__getattr__ = moved(
    {
        "doctor": "course_utils.command.doctor",
        "editions": "course_utils.lessons.editions",
        # Not moved: the ground has no other way to a room above.
        "in_language": "course_utils.lessons.messages:in_language",
    }
)
