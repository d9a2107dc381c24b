"""Pages: recordings drawn as one self-contained offline HTML file."""
