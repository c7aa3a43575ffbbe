"""A look-alike of UZEX's procurement services."""
