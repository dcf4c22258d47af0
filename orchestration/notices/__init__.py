"""Who is told of a night: what a notice says, whom ``bank.yml`` names, and how it is sent."""
