"""The workflows: deterministic, importing only the core and temporalio."""
