"""HTTP for the dispatcher's browser."""
