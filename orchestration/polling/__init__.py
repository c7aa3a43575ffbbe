"""The light code location: from raw pages to alerts. Imports neither dbt, Great Expectations nor torch.

Every poll is a fresh process that imports this package, so each second here is paid every five minutes.
"""
