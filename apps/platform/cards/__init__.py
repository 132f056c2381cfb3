"""What card data looks like: the one idea of it that the door of the API and the masks of the logs share.

Owns how numbers are written (`writing`, `plain_writing`), what they begin with and end in (`issuers`, `luhn`), when digits
that touch letters are one (`glued`), which are a list (`lists`) or something else (`identifiers`), and how security
codes are named (`security_codes`), and finds them in what is sent (`numbers`). It refuses nothing and masks nothing:
`web.card_refusals` and `telemetry.card_masking` do.
"""
