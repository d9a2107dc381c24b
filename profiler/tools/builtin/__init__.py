"""What the driver and the runner write themselves: result JSON and the ranges they opened."""
