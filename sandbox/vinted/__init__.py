"""The Vinted look-alike: country sites, their search service, pages and pictures."""
