"""Dagster and nothing else: assets, checks, partitions, schedules, sensors, resources. Thin.

The logic is in the rooms below; an asset body fetches, calls and reports. Free of import-time side effects.

Modules that define assets, checks, schedules or sensors do not postpone annotations: Dagster reads them as objects.
"""
