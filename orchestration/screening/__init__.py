"""Rows that other rows or tables contradict: the rules, and taking such rows out before a night is built."""
