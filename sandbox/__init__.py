"""The marketplaces in miniature, on loopback: real response shapes, planted deals, faults on demand.

Imported by the command line and the tests only.
"""
