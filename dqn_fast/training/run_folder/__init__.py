"""The folder of a run: its files, and what is written to them and read from them.

Here belongs what knows the name or the form of a file. Whatever is written is written atomically.
"""
