"""Recordings: artefacts on disk become validated tables, read when they are first asked for."""
