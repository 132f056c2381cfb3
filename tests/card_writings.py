"""One card number and one security code in every writing that is refused and masked, and what is none of it."""

from typing import Final

NUMBER: Final = "4000056655665556"
CODE: Final = "737"

_FOURS: Final = [NUMBER[at : at + 4] for at in range(0, 16, 4)]
_ARABIC_INDIC: Final = ord("\N{ARABIC-INDIC DIGIT ZERO}")
_FULL_WIDTH: Final = ord("\N{FULLWIDTH DIGIT ZERO}")
_BOLD: Final = ord("\N{MATHEMATICAL BOLD DIGIT ZERO}")


def in_digits_from(zero: int) -> str:
    """Write the number in the digits of another script or style."""
    return "".join(chr(zero + int(digit)) for digit in NUMBER)


FULL_WIDTH: Final = in_digits_from(_FULL_WIDTH)
SLASHED: Final = "/".join(_FOURS)
GLUED: Final = f"card{NUMBER}"

GROUPED: Final = [
    mark.join(_FOURS)
    for mark in (
        *(" ", "-", "   ", " - ", "----", "\t", "\N{NO-BREAK SPACE}", "\N{THIN SPACE}"),
        *("\N{EN DASH}", "\N{SOFT HYPHEN}", "\N{ZERO WIDTH SPACE}", "\N{MINUS SIGN}"),
        *("/", "_", ",", ":", "+", ".", "|", ";", "*", "#", "=", "~", "'", "&", "@", "\\\\"),
        *(
            ", ",
            " / ",
            " | ",
            "_-_",
            "), (",
            "\N{MIDDLE DOT}",
            "\N{BULLET}",
            "\N{FULLWIDTH SOLIDUS}",
        ),
    )
]
STYLED: Final = [
    FULL_WIDTH,
    in_digits_from(_ARABIC_INDIC),
    in_digits_from(_BOLD),
    "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in NUMBER),
    "".join(f"{digit}\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}" for digit in NUMBER),
    " ".join(FULL_WIDTH[at : at + 4] for at in range(0, 16, 4)),
]
WITH_LETTERS: Final = [
    *(
        f"{word}{NUMBER}"
        for word in (
            *(
                "card",
                "PAN",
                "x",
                "cc",
                "card_",
                "cardNumber",
                "Karte",
                "no_",
                "卡",
                "cards",
                "ccn",
            ),
            *(
                "discover",
                "creditcardnumber",
                "CARDNumber",
                "kartennummer",
                "Kartennr",
                "kreditkarte",
            ),
            *("account_number_", "mycard", "visacard", "my_card_is_", "userPan"),
        )
    ),
    *(
        f"{NUMBER}{word}"
        for word in ("x", "EUR", "cvv737", "_x", "_2", "exp1227", "expiration1227")
    ),
    *(f"{NUMBER}{word}" for word in ("is my card", "on 12/27", "VISA")),
    *(f"{word}{' '.join(_FOURS)}" for word in ("card", "order", "visacard", "1.", "1a")),
    f"ref{'-'.join(_FOURS)}",
    f"{' '.join(_FOURS)}order",
    f"{'-'.join(_FOURS)}visa",
    f"card{SLASHED}x",
]
NUMBERS: Final = [
    NUMBER,
    f"My card is {NUMBER}.",
    f"SKU1 {NUMBER}",
    " ".join(NUMBER),
    NUMBER[:8] + "     " + NUMBER[8:],
    *(blank.join(_FOURS) for blank in ("\v", "\x1f", "\x7f")),
    "\x85".join(_FOURS),
    "\u3164".join(_FOURS),
    "ー".join(_FOURS),
    f"{SLASHED}/{CODE}",
    f"1227/{SLASHED}",
    f"{SLASHED}/1227",
    f"{SLASHED}/{SLASHED}",
    f"12 {NUMBER} 7",
    *GROUPED,
    *STYLED,
    *WITH_LETTERS,
]
OTHER_NUMBERS: Final = [
    "3782/822463/10005",
    "3782.822463.10005",
    "amex378282246310005",
    "3056/930902/5904",
    "6304/0000/0000/0000/000",
    "JCB3530111333300000",
    "diners30569309025904",
    "maestro6304000000000000000",
    "39500000000038",
    "3095 500000 0066",
    "9792030394440796",
    "9792/0303/9444/0796",
    "VISA4222222222222",
    "8171999927660000",
]
"""Of other lengths and issuers than the one above."""
WITH_EXPONENTS: Final = [
    '{"cvv":7.37e2}',
    '{"x": 4.000056655665556e15}',
    '{"x":[1,40000566.55665556E+8]}',
    '{"x":4000056655665556000e-3}',
    '{"x":0.4000056655665556e16}',
]
"""As JSON may write numbers, and nobody else does."""

CODES: Final = [
    '{"cvv": "737"}',
    '{"CVC2": 737}',
    '{"csc":"737"}',
    '{"CID":"1234"}',
    '{"cvd": 737}',
    '{"customer_cvv":"737"}',
    '{"card_code":"737"}',
    '{"cardCode":"737"}',
    '{"securityCode":"737"}',
    '{"cardSecurityCode":"737"}',
    '{"security_code":"737"}',
    '{"cvcNumber":"737"}',
    '{"cvvNo": 737}',
    '{"card_verification_value": "737"}',
    '{"cvv":["737"]}',
    '{"note": "the CVV is on the back, cvv 737"}',
    "cvc=737&x=1",
    "Security code: 737",
    "the security code is 737.",
    "cvv 737",
    "CVC 123",
    "cvv: 123",
    "cvv737",
    *('{"creditCardCvv":"737"}', '{"paymentCvc":"737"}', '{"newCVV":"737"}', "customerCvv: 737"),
    *('{"creditCardSecurityCode":"737"}', '{"cardVerificationNumber":"737"}'),
    *("cvv - 737", "cvv-737", "cvv #737", "cvv no. 737", "cvv is: 737", "cvv, 737", "cvc := 737"),
    "cvv:\r\n737",
    *("CVV737", "cvv/737", "cvv_737", "cvv;737", "cvv2~737"),
    "bonus points, card code: 1234",
    "CSC: 737",
    "CID: 1234",
    "the card code is 737",
    "CVV (737)",
    f"CVV: {''.join(chr(_FULL_WIDTH + int(digit)) for digit in CODE)}",
]

HONEST: Final = [
    '{"off by one": "4000056655665557"}',
    '{"off by one": "4000/0566/5566/5557"}',
    '{"hash": "deadbeef4111111111111111"}',
    '{"token": "pi_3MtwBw4111111111111111"}',
    '{"token": "sk1card4111111111111111"}',
    '{"commit": "4111111111111111deadbeef0123456789abcdef"}',
    '{"too long": "41111111111111114111111111111111"}',
    '{"glued and too long": "ref41111111111111113"}',
    '{"glued and too short": "ref4222222222222"}',
    '{"fraction": 0.4111111111111111}',
    '{"telephone": "+4915112345675"}',
    '{"telephone": "+49 1511 2345675"}',
    '{"zeros": "0000000000000000"}',
    '{"ean": "4006381333931"}',
    '{"of 12": "411111111116"}',
    '{"number": 41111111, "other": 11111111}',
    '{"numbers": [4111,1111,1111,1111]}',
    '{"numbers": [4111, 1111, 1111, 1111], "more": 1}',
    '{"numbers": [123456, 789012, 345678, 901234]}',
    "[4111,1111,1111,1111]",
    '{"points": [[4111.1111, 1111.1111]]}',
    *(
        f'{{"key": "{word}{NUMBER}"}}'
        for word in ("order_", "INV", "tok_", "ref", "order_no_", "gift_card_")
    ),
    '{"key": "order_4000000000000002"}',
    '{"key": "order-INV4000000000000002"}',
    *(f'{{"key": "{NUMBER}{word}"}}' for word in ("ORD", "_order", "_original", "i18n")),
    '{"reference": "8515131751004932"}',
    '{"reference": "1234567812345670"}',
    *('{"gtin": "40063813339201"}', '{"reference": "1234 5678 1234 5670"}'),
    *('{"imei": "356938035643809"}', '{"imei": "35 693803 564380 9"}'),
    '{"siret": "73282932000074"}',
    '{"iban": "DE95 4111 1111 1111 1111 00"}',
    '{"sizes": "36 37 38 39 40 41 42 43 44 45 46"}',
    '{"sizes": "34 36 38 40 42 44 46 48"}',
    '{"dates": "2026-11-27 - 2026-12-01"}',
    '{"numbers": [1.5e3, 2E-7, 4.000056655665557e15, 1e999999999], "id": "4e15"}',
    '{"articles": "4111,1111,1111,1111,4007,4008"}',
    '{"articles": "1000,1001,4111,1111,1111,1111"}',
    '{"articles": "4111/1111/1111/1111/4007/4008/4009"}',
    '{"account": "FI4000056655665556"}',
    '{"account": "FI2112345600000785"}',
    '{"account": "DK5000400440116243"}',
    '{"at": "2026-11-22T09:30:00.123456Z"}',
    '{"from": "2026/11/22", "to": "2026/12/22"}',
    '{"version": "4.11.111.1111"}',
    '{"address": "2001:0db8:85a3:0000:0000:8a2e:0370:7334"}',
    '{"epoch": "v1732300000006"}',
    '{"list": "12,34,56,78,90,12,34,56,78"}',
    '{"amount": "4,111,111,111.11"}',
    '{"trace": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}',
    '{"order": "7KQ3-M2XP-C"}',
    "",
]
HONEST_CODES: Final = [
    '{"quantity": 123}',
    '{"sku": "CVC-1234"}',
    *('{"sku": "CVC123"}', '{"sku": "CSC1234"}', '{"sku": "CVD123"}'),
    *('{"name": "CVD 500"}', '{"name": "CSC 120"}', '{"name": "CSC 101 textbook"}'),
    *('{"gift_card_code":"1234"}', '{"giftCardCode":"1234"}', "gift card code: 1234"),
    *("loyalty card code: 1234", '{"bonus_card_code":"1234"}'),
    '{"verification_number":"1234"}',
    '{"security_number":"1234"}',
    '{"cid": "1234"}',
    '{"sku": "CVV123X"}',
    '{"sku": "PLACID 123"}',
    '{"note": "cvv 12345"}',
    '{"note": "verification of order 123"}',
    '{"note": "incident 1234"}',
    '{"metadata": {"cid": "1234"}}',
    '{"brand": "cvc", "last4": "4242"}',
    '{"code": 1234, "postal_code": "1011"}',
]
