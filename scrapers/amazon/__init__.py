"""Amazon's country sites: product pages and search pages as a visitor without an account sees them."""
