"""The demo: the whole way from a street to a ticket, on one machine and with nothing to install."""
