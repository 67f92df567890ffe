"""How long Lambda would load each handler, and what trimmed layers, bytecode and lazy clients give of it."""
