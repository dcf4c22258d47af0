"""The semantic layer: every published figure as a metric, its files for dbt, and `acrm metric`."""
