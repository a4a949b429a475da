"""People who report: accounts by a code, and who they are, which is kept apart from everything else."""
