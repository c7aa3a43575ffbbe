"""The eBay look-alike: token, Browse search and item, rate limits. Shapes after eBay's OpenAPI contract v1.10.0."""
