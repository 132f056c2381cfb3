"""The doors of customers: their addresses and saved payment methods."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from msgspec import UnsetType, structs

from apps.customers.api.bodies import (
    ChangeAddressBody,
    CustomerAddressBody,
    CustomerAddressDocument,
    CustomerAddressesDocument,
    PaymentMethodDocument,
    PaymentMethodsDocument,
    SavePaymentMethodBody,
)
from apps.customers.api.callers import own_customer_id
from apps.customers.api.documents import address_document, payment_method_document
from apps.customers.domain.identifiers import AddressId, PaymentMethodId
from apps.customers.domain.saved_payment import SavedPayment
from apps.customers.models import CustomerAddress
from apps.customers.queries import get_address, list_addresses, list_payment_methods
from apps.customers.services.add_address import add_address
from apps.customers.services.change_address import change_address
from apps.customers.services.remove_address import remove_address
from apps.customers.services.remove_payment_method import remove_payment_method
from apps.customers.services.save_payment_method import save_payment_method
from apps.kernel.address import Address
from apps.kernel.identifiers import CustomerId
from apps.platform.idempotency.views import IdempotentView
from apps.platform.web.etags import etag_of, version_seen
from apps.platform.web.responses import JsonResponse
from apps.platform.web.schema import IDEMPOTENCY_KEY, IF_MATCH, endpoint, sends_etag
from apps.platform.web.views import ApiView

NOT_A_CUSTOMER = {403: "The token is a service's."}
NOT_THE_ONE_SEEN = {
    412: "An `If-Match` was sent, and the address has changed since.",
    428: "An `If-Match` was sent that names nothing.",
}
NO_SUCH_ADDRESS = {404: "You have no such address."}
INCOMPLETE_ADDRESS = "The address is not complete, or a part of it cannot be kept as it is."


class AddressesView(IdempotentView):
    """The caller's own addresses."""

    scopes = {"GET": "customers:read", "POST": "customers:write"}

    @endpoint(
        "list_own_addresses",
        summary="List your addresses",
        responses={200: CustomerAddressesDocument},
        refusals=NOT_A_CUSTOMER,
        tags=["customers"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List all of them; there are 50 at most."""
        kept = list_addresses(own_customer_id(self.principal))
        return self.json(CustomerAddressesDocument(results=[address_document(one) for one in kept]))

    @endpoint(
        "add_own_address",
        summary="Keep an address",
        request=CustomerAddressBody,
        example={
            "name": "Grace Example",
            "line1": "Lindenweg 1",
            "postal_code": "10115",
            "city": "Berlin",
            "country": "DE",
        },
        responses={201: CustomerAddressDocument},
        parameters=[IDEMPOTENCY_KEY, sends_etag(201)],
        refusals={
            **NOT_A_CUSTOMER,
            409: "There are too many addresses.",
            422: INCOMPLETE_ADDRESS,
        },
        tags=["customers"],
    )
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Keep one more address."""
        customer_id = own_customer_id(self.principal)
        address = Address.build(**structs.asdict(self.body(CustomerAddressBody)))
        return self.answer_once(lambda: self._add(customer_id, address, self.now))

    def _add(self, customer_id: CustomerId, address: Address, now: datetime) -> JsonResponse:
        kept = add_address(customer_id=customer_id, address=address, now=now)
        return _shown(self, kept, status=201)


class AddressView(ApiView):
    """One of the caller's own addresses."""

    scopes = {"GET": "customers:read", "PATCH": "customers:write", "DELETE": "customers:write"}

    @endpoint(
        "get_own_address",
        summary="Show one of your addresses",
        responses={200: CustomerAddressDocument},
        parameters=[sends_etag(200)],
        refusals={**NOT_A_CUSTOMER, **NO_SUCH_ADDRESS},
        tags=["customers"],
    )
    def get(self, request: HttpRequest, address_id: AddressId) -> HttpResponseBase:
        """Show it, with the tag to edit it by."""
        return _shown(
            self, get_address(customer_id=own_customer_id(self.principal), address_id=address_id)
        )

    @endpoint(
        "change_own_address",
        summary="Correct one of your addresses",
        request=ChangeAddressBody,
        example={"line1": "Lindenweg 2"},
        responses={200: CustomerAddressDocument},
        parameters=[IF_MATCH, sends_etag(200)],
        refusals={
            **NOT_A_CUSTOMER,
            **NO_SUCH_ADDRESS,
            **NOT_THE_ONE_SEEN,
            422: INCOMPLETE_ADDRESS,
        },
        tags=["customers"],
    )
    def patch(self, request: HttpRequest, address_id: AddressId) -> HttpResponseBase:
        """Change what the body names; with `If-Match`, only what the caller has seen."""
        customer_id = own_customer_id(self.principal)
        body = structs.asdict(self.body(ChangeAddressBody))
        kept = change_address(
            customer_id=customer_id,
            address_id=address_id,
            changes={name: part for name, part in body.items() if not isinstance(part, UnsetType)},
            expected_version=self._version_seen(customer_id, address_id),
            now=self.now,
        )
        return _shown(self, kept)

    @endpoint(
        "remove_own_address",
        summary="Delete one of your addresses",
        responses={204: None},
        parameters=[IF_MATCH],
        refusals={**NOT_A_CUSTOMER, **NO_SUCH_ADDRESS, **NOT_THE_ONE_SEEN},
        tags=["customers"],
    )
    def delete(self, request: HttpRequest, address_id: AddressId) -> HttpResponseBase:
        """Delete it; orders keep the address they were placed with. With `If-Match`, only what was seen."""
        customer_id = own_customer_id(self.principal)
        remove_address(
            customer_id=customer_id,
            address_id=address_id,
            expected_version=self._version_seen(customer_id, address_id),
        )
        return HttpResponse(status=204)

    def _version_seen(self, customer_id: CustomerId, address_id: AddressId) -> str | None:
        return version_seen(
            self.request,
            lambda: get_address(customer_id=customer_id, address_id=address_id).version,
        )


class PaymentMethodsView(IdempotentView):
    """The caller's own saved payment methods."""

    scopes = {"GET": "customers:read", "POST": "customers:write"}

    @endpoint(
        "list_own_payment_methods",
        summary="List your saved payment methods",
        responses={200: PaymentMethodsDocument},
        refusals=NOT_A_CUSTOMER,
        tags=["customers"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List all of them; there are 20 at most."""
        saved = list_payment_methods(own_customer_id(self.principal))
        return self.json(
            PaymentMethodsDocument(results=[payment_method_document(one) for one in saved])
        )

    @endpoint(
        "save_own_payment_method",
        summary="Save a payment method",
        request=SavePaymentMethodBody,
        example={
            "provider": "stripe",
            "type": "card",
            "token": "pm_card_visa",
            "brand": "visa",
            "last4": "4242",
        },
        responses={201: PaymentMethodDocument},
        parameters=[IDEMPOTENCY_KEY],
        refusals={
            **NOT_A_CUSTOMER,
            409: "There are too many payment methods.",
            422: "A part is not what it should be, above all a token that could be a card number.",
        },
        tags=["customers"],
    )
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Save a payment method by its provider's token."""
        customer_id = own_customer_id(self.principal)
        body = self.body(SavePaymentMethodBody)
        method = SavedPayment.build(
            provider=body.provider,
            method_type=body.type,
            token=body.token,
            brand=body.brand,
            last4=body.last4,
            expiry_month=body.expiry_month,
            expiry_year=body.expiry_year,
        )
        return self.answer_once(lambda: self._save(customer_id, method, self.now))

    def _save(self, customer_id: CustomerId, method: SavedPayment, now: datetime) -> JsonResponse:
        saved = save_payment_method(customer_id=customer_id, method=method, now=now)
        return self.json(payment_method_document(saved), status=201)


class PaymentMethodView(ApiView):
    """One of the caller's own saved payment methods."""

    scopes = "customers:write"

    @endpoint(
        "remove_own_payment_method",
        summary="Delete a saved payment method",
        responses={204: None},
        refusals={**NOT_A_CUSTOMER, 404: "You have no such payment method."},
        tags=["customers"],
    )
    def delete(self, request: HttpRequest, payment_method_id: PaymentMethodId) -> HttpResponseBase:
        """Delete it; payments made with it are not touched."""
        remove_payment_method(
            customer_id=own_customer_id(self.principal), payment_method_id=payment_method_id
        )
        return HttpResponse(status=204)


def _shown(view: ApiView, kept: CustomerAddress, *, status: int = 200) -> JsonResponse:
    headers = {"ETag": etag_of(kept.version)}
    return view.json(address_document(kept), status=status, headers=headers)
