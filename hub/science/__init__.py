"""What leaves the hub for science: exports and standards."""
