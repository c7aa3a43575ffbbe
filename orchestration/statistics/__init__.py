"""The heavy code location: dbt models, Great Expectations checks. Loaded apart, so that polls do not pay for it."""
