"""Events in a signed file, where there is no line at all: packed by who may speak, unpacked at a higher office."""
