"""Erasure: a customer who asked to be forgotten leaves the releases, and what the law lets go of the rest.

Put here: the register of who is erased, and the one way through releases, lake and build database. What
stays, and why, is in DECISIONS.md.
"""
