"""Features of several modalities in, one answer out: attention and the methods of fusion, as Keras 3 layers.

Import the room you need: ``from course_utils.fusion import attention`` (or ``methods``), after
``runtime.start()``, because both load Keras.
"""
