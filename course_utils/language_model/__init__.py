"""Decoder-only language models: text as tokens, tokens as vectors, and what a model makes of them.

One architecture in two sizes: the course's own small model, and SmolLM2-135M where it has been fetched.
Import the module you need: ``from course_utils.language_model import decoder, tokens``, after
``runtime.start()``, because most of them load Keras.
"""
