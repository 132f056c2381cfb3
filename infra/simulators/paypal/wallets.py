"""The payers' wallets, by name, and what each of them does."""

from dataclasses import dataclass

ANY = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A wallet and its behaviour; a refusal is the issue that PayPal answers with.

    `asks_payer` says that its owner has to approve also where the wallet is a saved one.
    """

    authorize_refusal: str = ""
    authorized_as: str = "CREATED"
    capture_refusal: str = ""
    captured_as: str = "COMPLETED"
    refund_refusal: str = ""
    renewal_refusal: str = ""
    refunded_as: str = "COMPLETED"
    refunds_fail_later: bool = False
    asks_payer: bool = False


WALLETS = {
    ANY: Wallet(),
    "asks-payer": Wallet(asks_payer=True),
    "declined": Wallet(authorize_refusal="INSTRUMENT_DECLINED"),
    "no-funds": Wallet(authorize_refusal="PAYER_CANNOT_PAY"),
    "refused": Wallet(authorize_refusal="TRANSACTION_REFUSED"),
    "restricted": Wallet(authorize_refusal="PAYER_ACCOUNT_RESTRICTED"),
    "pending": Wallet(authorized_as="PENDING"),
    "denied": Wallet(authorized_as="DENIED"),
    "capture-pending": Wallet(captured_as="PENDING"),
    "capture-declined": Wallet(captured_as="DECLINED"),
    "capture-refused": Wallet(capture_refusal="PAYER_CANNOT_PAY"),
    "renewal-refused": Wallet(renewal_refusal="PAYER_CANNOT_PAY"),
    "refund-pending": Wallet(refunded_as="PENDING"),
    "refund-refused": Wallet(refund_refusal="REFUND_FAILED_INSUFFICIENT_FUNDS"),
    "refund-fails": Wallet(refunds_fail_later=True),
}
