"""Releases as they lie on disk: what one is made of, which is current, what may leave in clear."""
