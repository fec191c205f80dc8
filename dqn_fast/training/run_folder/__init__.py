"""The folder of a run: its files, and what is written to them and read from them."""
