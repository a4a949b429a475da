"""Leads, cases and tickets, and the rules by which a case moves."""
