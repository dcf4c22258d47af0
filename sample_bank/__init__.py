"""A bank made up: its customers, its nightly deliveries, and what is true about them."""
