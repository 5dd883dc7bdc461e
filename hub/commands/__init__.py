"""One command of the command line a file; each has its click command as `command`."""
