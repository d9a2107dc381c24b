"""Jobs: what is recorded, in which order, and what a failure means; each described as steps for a recording session."""
