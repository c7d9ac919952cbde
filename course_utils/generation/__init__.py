"""Features in, a sequence out: token by token (``decoder``, ``search``), or frame by frame (``ctc``).

Import the room you need: ``from course_utils.generation import decoder, search``, after ``runtime.start()``,
because these two load Keras; ``ctc`` is NumPy alone.
"""
