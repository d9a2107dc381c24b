"""Recordings and comparisons as files that other programs and people read."""
