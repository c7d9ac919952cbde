"""Features in, a sequence out: a Transformer that writes token by token, and ways to choose the tokens.

Import the room you need: ``from course_utils.generation import decoder, search``, after ``runtime.start()``,
because both load Keras.
"""
