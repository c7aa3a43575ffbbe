"""A small shop of its own: products in every kind of markup that shops use, prices that move over days."""
