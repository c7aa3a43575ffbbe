"""What models make of the listings, as assets: vectors, and what is built on them. Part of the heavy code location."""
