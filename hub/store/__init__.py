"""The only SQL of the hub: text above the function that runs it, one noun a file, records in and records out."""
