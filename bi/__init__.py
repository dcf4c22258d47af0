"""Apache Superset over the current release: dashboards as files, in an environment of its own.

Nothing here is imported by the warehouse, and nothing of the warehouse is imported here: the release is
all they share. Superset's own packages are in ``.venv-bi`` (``make bi``).
"""
