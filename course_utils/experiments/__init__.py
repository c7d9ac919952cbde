"""Recorded experiments: what is too slow for a lesson is run once by one command, kept, and re-run by a test.

Each module has ``run``, which makes one run from its settings and a seed, and is started by
``python3 -m course_utils experiment NAME``; the figures go to ``data/results/NAME.json``.
"""
