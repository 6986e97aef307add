"""What stands on a class's page beside its docstring: its methods."""


def _skip_attributes(app, what, name, obj, skip, options):
    """Leave out what the section Attributes tells already."""
    return True if isinstance(obj, property) and name.endswith("_") else None


def setup(app):
    app.connect("autodoc-skip-member", _skip_attributes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
