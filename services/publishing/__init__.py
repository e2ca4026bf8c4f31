"""Publishing events to the bus, and asking what became of them."""
