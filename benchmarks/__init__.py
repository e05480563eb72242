"""Benchmarks: both sides of every ratio in one run, interleaved. `make bench`."""
