"""A wrong rejection or a wrong closing is taken back."""
