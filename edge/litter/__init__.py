"""Litter from vehicles: small things that leave a vehicle and obey physics, out of every picture's luma."""
