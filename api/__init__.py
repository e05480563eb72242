"""The web front: HTTP, WebSockets, and nothing that decides when or what to tell."""
