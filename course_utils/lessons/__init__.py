"""The lessons as files: the worked edition, how it is rendered, and what learners get of it."""
