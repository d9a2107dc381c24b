"""The runs of a store over time: baselines, medians commit by commit, and where a level changed."""
