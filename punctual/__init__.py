"""The pure core of Punctual, and all that CRM code needs: wire types, timelines, policies, and the client.

Nothing in this package reads a clock, a file of ours, an environment variable or the network (`client` alone
talks to Temporal), so workflows may import it and histories replay for ever.
"""
