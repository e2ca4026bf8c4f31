"""The reading side over HTTP (contract §5): any number of these processes, each answer from one snapshot."""
