"""The Empik look-alike: a product's page whose price comes by script."""
