"""Pictures are kept here: encrypted, by their hash; how they come in, and what of them leaves."""
