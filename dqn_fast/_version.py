"""The version, in its one place: pyproject.toml and the extension read it from here."""

__version__ = "0.1.0"
