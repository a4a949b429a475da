"""The command centre: leads in, tickets out, pages for people."""
