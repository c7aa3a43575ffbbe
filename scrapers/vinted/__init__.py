"""Vinted: the client, its session, its search URLs and its page shapes."""
