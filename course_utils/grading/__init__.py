"""Grading a class's notebooks: submissions run in a sandbox, and the points are decided outside of it.

``collect`` finds the submissions, ``plan`` says what of them has to run, ``attempt`` runs it in ``sandbox``
(whose inner side is ``worker``), ``referee`` decides by checks that call the answers as ``remote`` ones, a
decision is one of ``verdicts``, ``gradebook`` hands the decisions to nbgrader in a process of
its own (``bounded``), ``by_hand`` minds the points that people give, ``pages`` says what of a submission
may be shown, ``report`` writes the tables and the figure; ``run`` is the command.
"""
