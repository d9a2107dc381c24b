"""May the candidate be merged: budgets, accepted regressions, and the exit code."""
