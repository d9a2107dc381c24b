"""The embedded recorder: CUPTI activity records taken in the runner's own process."""
