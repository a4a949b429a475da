"""Custody: a hash-chained log with signed heads, its verification, legal holds, and retention."""
