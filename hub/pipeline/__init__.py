"""Follows the log of a site: identify, fuse, fence, judge; the order is readable in `line.py`."""
