"""Faster, slower, the same, or nobody can tell: conditions, estimates, error rates and verdicts."""
