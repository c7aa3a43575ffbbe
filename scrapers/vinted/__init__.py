"""Vinted: the client, its session, its search URLs and its page shapes."""

from scrapers.vinted.client import VintedSource
from scrapers.vinted.prompt import AsyncVinted, SearchResult, Vinted, VintedRefusedError, VintedUser

__all__ = ["AsyncVinted", "SearchResult", "Vinted", "VintedRefusedError", "VintedSource", "VintedUser"]
