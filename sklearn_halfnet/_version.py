"""The version, for files of any floor."""

__version__ = "0.1.0.dev0"
