"""Activations of half layers and of weight-agnostic nodes as C expressions in z."""

__all__ = ["activation", "expression"]

_EXPRESSIONS = {
    "absolute": "fabs{f}(z)",
    "cos": "cos{f}(z)",
    "gaussian": "exp{f}(-0.5{f} * z * z)",
    "gelu": "0.5{f} * z * (1 + erf{f}(z * 0.70710678118654752{f}))",
    "identity": "z",
    "inverse": "-z",
    "leaky_relu": "z < 0 ? 0.01{f} * z : z",
    "linear": "z",
    "logistic": "1 / (1 + exp{f}(-z))",
    "relu": "z > 0 ? z : 0",
    "silu": "z / (1 + exp{f}(-z))",
    "sin": "sin{f}(z)",
    "softplus": "(z > 0 ? z : 0) + log1p{f}(exp{f}(-fabs{f}(z)))",
    "step": "z > 0 ? 1 : 0",
    "tanh": "tanh{f}(z)",
}


def expression(name):
    """C expression of an activation; ``{f}`` stands for the suffix of the type."""
    return _EXPRESSIONS[name]


def activation(source, name, value):
    """Write g(value), where g is a function of its own unless it is the identity.

    Parameters
    ----------
    source : CSource
    name : str
    value : str
        C expression.
    """
    if _EXPRESSIONS[name] == "z":
        return value
    text = f"return {_EXPRESSIONS[name]};"
    return f"{source.function(name, '{real} z', text)}({value})"
