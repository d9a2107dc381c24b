"""Nsight Compute: reading its reports and CSV pages, and recording with it."""
