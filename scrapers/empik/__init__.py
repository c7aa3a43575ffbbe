"""Empik: a product's page, whose price comes with its scripts."""
