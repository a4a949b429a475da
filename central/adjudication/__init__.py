"""Disputes over whose business a ticket is, and the rulings that settle them for this case and the next."""
