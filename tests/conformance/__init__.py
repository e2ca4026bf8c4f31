"""The conformance vectors in docs/conformance/: made here, by the contract's own code and by the oracle."""
