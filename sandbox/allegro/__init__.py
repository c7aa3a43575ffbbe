"""The Allegro look-alike: an offer's page, what becomes of an ended one, and the wall in front."""
