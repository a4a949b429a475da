"""What runs in a process of its own, behind limits: one file of a stranger's, read once."""
