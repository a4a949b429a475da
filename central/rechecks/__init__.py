"""The camera checks the work: central asks the edge that saw an offence to look again, and acts on it."""
