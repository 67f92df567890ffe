"""How many sessions and listeners a whole stack on this machine holds, and whether it holds them for an hour."""
