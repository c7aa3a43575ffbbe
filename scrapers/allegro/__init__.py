"""Allegro: an offer's public page, and the recorded lists of offers that can be imported."""
