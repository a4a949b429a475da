"""Everything that can be measured here in one run: the tables and pictures of ``docs/accuracy.md``."""
