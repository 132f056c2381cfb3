"""How a customer pays with PayPal: on its pages, or with a wallet that was saved before."""

VAULT_PREFIX = "vault-"
"""What a saved wallet's token begins with here; behind it comes the name that PayPal gave it."""


def vault_id_of(method_token: str) -> str:
    """Give PayPal's name of a saved wallet; empty where the customer is to be sent to PayPal."""
    return method_token.removeprefix(VAULT_PREFIX) if is_saved(method_token) else ""


def is_saved(method_token: str) -> bool:
    """Whether the token stands for a saved wallet."""
    return method_token.startswith(VAULT_PREFIX) and method_token != VAULT_PREFIX
