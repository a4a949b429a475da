"""Which leads are of one occurrence: found at intake, suggested to people, and undone by them."""
