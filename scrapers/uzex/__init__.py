"""UZEX: Uzbekistan's public procurement (auctions, e-shop, national shop, tenders) and its lots."""
