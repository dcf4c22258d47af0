"""What-if (级别参数模拟测算): another rulebook over all published history.

Put here: rulebooks that people write, and questions to a release under one. Keep out: the rule itself,
which is SQL (``macros/tiers``) and comes with each release as a table macro.
"""
