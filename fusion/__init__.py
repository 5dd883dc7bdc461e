"""Who, and where were they: evidence becomes individuals and tracks. Pure: arrays in, arrays out."""
