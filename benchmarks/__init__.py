"""Figures of the program and the sandbox, as ratios to plain baselines: `make bench`."""
