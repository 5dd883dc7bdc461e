"""One foreign format a file: bytes → observations, pure. `TABLE` in `table.py` lists them."""
