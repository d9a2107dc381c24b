"""Is the candidate faster, slower, the same, or can nobody tell? Alignment, statistics, verdicts, gate and A/B jobs."""
