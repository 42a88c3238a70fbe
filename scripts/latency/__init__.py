"""How long from light to the siren's pin, measured on the real programs."""
