"""Assets, one module per part of the way: landing, lake, models, release.

Put here: wiring from a station to what it makes. Keep out: how it is made.
"""
