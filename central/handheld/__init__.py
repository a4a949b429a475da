"""What units do on a handheld in the street: their tickets, proof of the work, and what they find."""
