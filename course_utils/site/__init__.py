"""The web site of the course: the lessons to read in a browser, without their answers."""
