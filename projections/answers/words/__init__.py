"""Words, numbers and names as Vietnamese reports write them."""
