"""How well the deal rules would have done on what really came: deals planted in the recent stream, in order of time.

Belongs here: planting, the figures of each rule, calibration, lift, cluster scores; pure functions over arrays. Does
not: SQL, plots (``ml.plots``), the random-split protocol of the benchmarks (``ml.evaluation``, whose ranking figures
are used here).
"""
