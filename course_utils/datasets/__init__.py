"""The data of the course as plain arrays: emoji, scenes, photographs, speech, people, reviews, sentences.

Every set is a ``base.DataSet``: columns of equal length, selected and split alike.

``awkward`` names files with one trap each, ``official`` reads large sets that you download yourself. Nothing
is imported here; a lesson takes what it needs, as in ``from course_utils.datasets import emoji``.
"""
