"""What decides and counts: the only thing of the read models that the fingerprint covers, whole. Pure."""
