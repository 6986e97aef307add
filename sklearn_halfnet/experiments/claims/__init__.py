"""The claims of the papers, each judged by our records."""
