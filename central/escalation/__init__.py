"""What central does of its own accord when time passes: reminders, escalations, supervision slips."""
