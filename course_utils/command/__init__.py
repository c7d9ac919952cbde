"""From a bare Python to an open lesson: finds or makes the environment, and runs the commands in it.

``interpreter`` is read by whatever `python3` the machine has, and so is this file.
"""
