"""`punctual up`: the whole product on one machine, in one Python process, with Temporal's dev server as its child."""
