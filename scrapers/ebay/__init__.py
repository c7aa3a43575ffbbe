"""eBay through its Browse API: search, one item, the quota. Facts: eBay's OpenAPI contract v1.10.0 and recordings."""
