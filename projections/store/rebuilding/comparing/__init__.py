"""Two generations compared row by row, and the one in use repaired by the other."""
