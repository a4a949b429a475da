"""The duty list: for a kind of offence at a place, the one unit that leads, by what law and until when."""
