"""The campaign against a warehouse: kills, full disks, collisions, hostile files; ``make campaign``."""
