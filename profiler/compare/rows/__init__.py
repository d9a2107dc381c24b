"""What is compared: rows of a recording, their samples reduced, and which row of one side is which of the other."""
