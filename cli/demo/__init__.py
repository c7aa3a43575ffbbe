"""The demo: a market in miniature on loopback, run through the real pipeline.

The only room, with the tests, that imports the sandbox.
"""
