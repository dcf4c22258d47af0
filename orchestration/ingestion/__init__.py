"""From a delivery in ``landing/`` to typed rows in ``lake/``; knows nothing of Dagster."""
