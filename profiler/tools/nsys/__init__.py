"""Nsight Systems: reading its exports, and recording with it."""
