"""The tools that record, one folder each: all that is known of a tool stands in its folder."""
