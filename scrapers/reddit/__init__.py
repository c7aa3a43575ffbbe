"""Reddit's buy/sell/trade posts and comments as listings, through its OAuth API.

asyncpraw, the kept client library, was looked at and not taken: it hands out parsed objects, so that the bytes could
not be kept before they are read, pages could not be read again from the store, and its own sleeping would run beside
our rate, budget and circuit. What is left of its work, two token grants and a cursor, is small.
"""
