"""Work in other processes: another backend of Keras, several workers of one training, a cluster.

A lesson's function goes there as its source, with arrays, and arrays come back; what that needs besides the
course's own packages is said by :mod:`course_utils.scale.extras`.
"""
