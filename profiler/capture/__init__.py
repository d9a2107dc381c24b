"""Makes captures: what to record, running it under a tool, and the run folder that holds the result."""
