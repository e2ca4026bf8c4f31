"""Two generations compared row by row, and the one in force mended by the other."""
