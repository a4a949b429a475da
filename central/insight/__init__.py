"""What the cases of many days say together: rises, hot-spots, the standard's counters, reports, exports."""
