"""`make bench`: the whole way measured on real servers and real processes, beside the floors of the same run."""
