"""Working time: hours, holidays, and how long something may take."""
