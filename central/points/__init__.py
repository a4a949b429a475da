"""Points for verified reports: an append-only ledger, approval by two, a catalogue of gifts with stock."""
