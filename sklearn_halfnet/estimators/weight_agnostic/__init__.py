"""Weight-agnostic networks, searched by topology."""
