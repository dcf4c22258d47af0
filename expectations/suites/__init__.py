"""The suites, as short functions: one module per kind of table."""
