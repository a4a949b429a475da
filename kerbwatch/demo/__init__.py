"""From a street to a ticket on one machine: everything real, everything embedded."""
