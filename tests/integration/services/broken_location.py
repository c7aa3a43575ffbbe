"""A code location that does not load."""

raise ValueError("the warehouse keys are lost")
