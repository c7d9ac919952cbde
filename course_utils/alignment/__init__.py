"""Two modalities in, one space out: what is alike lies close, whichever modality it came by.

Import the room you need: ``from course_utils.alignment import contrastive`` (or ``dual_encoder``), after
``runtime.start()``, because both load Keras.
"""
