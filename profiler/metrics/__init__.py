"""Metrics: named tables computed from a recording, each column described once by its ColumnSpec."""
