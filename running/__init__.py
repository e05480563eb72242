"""How processes of ours are run: `up` on one machine, API and worker apart in production, and what they share."""
