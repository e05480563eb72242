"""What workflows ask for: everything with a clock, a network or a database."""
