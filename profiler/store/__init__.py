"""Run folders: where a recording lives on disk, and how it is found again."""
