"""What a night costs, and what it would cost by hand: ``python -m benchmarks.run``."""
