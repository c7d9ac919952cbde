"""The data that the repository ships, as plain arrays: emoji, speech, reviews and awkward files.

Nothing is imported here; a lesson takes what it needs, as in ``from course_utils.datasets import emoji``.
"""
