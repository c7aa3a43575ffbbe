"""A look-alike of the Central Bank of Uzbekistan's exchange rates."""
