"""A wrong decision is taken back: a rejection, a closing, a confirmation before its work is done."""
