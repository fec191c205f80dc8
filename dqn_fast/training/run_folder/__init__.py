"""The folder of a run: its files, and what is written to them and read from them.

All code that knows the name or the format of a file is here. Files are written atomically.
"""
