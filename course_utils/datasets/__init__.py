"""The data of the course as plain arrays: emoji, scenes made of them, photographs, speech, reviews.

Awkward files are here too, one trap each, which readers must survive.
Every set is a ``base.DataSet``: columns of equal length, selected and split alike.

``official`` reads large sets that you download yourself. Nothing is imported here; a lesson takes what it
needs, as in ``from course_utils.datasets import emoji``.
"""
