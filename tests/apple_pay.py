"""Apple Pay tokens of the size and shape that Apple makes them."""

import base64
import json
import random

_BYTES = {"data": 600, "signature": 2300, "ephemeralPublicKey": 91, "publicKeyHash": 32}


def sealed_apple_pay(seed: int = 1) -> str:
    """Make a token of some 5,000 characters: what is sealed is random, and the same for a seed."""
    drawn = random.Random(seed)
    sealed = {
        name: base64.b64encode(drawn.randbytes(size)).decode() for name, size in _BYTES.items()
    }
    header = {
        "ephemeralPublicKey": sealed.pop("ephemeralPublicKey"),
        "publicKeyHash": sealed.pop("publicKeyHash"),
        "transactionId": drawn.randbytes(32).hex(),
    }
    payment_data = {"version": "EC_v1", **sealed, "header": header}
    return base64.b64encode(json.dumps(payment_data).encode()).decode()
