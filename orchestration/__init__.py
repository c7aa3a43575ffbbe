"""Dagster and nothing else: assets, checks, partitions, schedules, sensors, resources. Thin.

The logic is in the rooms below; an asset body fetches, calls and reports. Free of import-time side effects.
"""
