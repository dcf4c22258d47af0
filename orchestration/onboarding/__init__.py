"""A bank's first hour: a starter, manifests for files that lie there, what a run would say of a delivery."""
