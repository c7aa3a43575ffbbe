"""Any shop: its product pages read by schema.org markup, meta tags and what the page shows."""
