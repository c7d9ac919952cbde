"""A file or a string in, one array out: pictures, text and sound, without TensorFlow.

Import the room you need: ``from course_utils.preprocessing import images`` (or ``text``, ``audio``).
"""
