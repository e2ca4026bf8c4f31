"""Small cells hidden, so that none of one or two people can be told."""
