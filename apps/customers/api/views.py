"""The doors of customers: registration and the profile."""

from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from msgspec import UnsetType

from apps.customers.api.bodies import ChangeCustomerBody, CustomerDocument, RegisterCustomerBody
from apps.customers.api.callers import insist_on_service, own_customer_id
from apps.customers.api.documents import customer_document
from apps.customers.domain.profile import Profile
from apps.customers.domain.refusals import CustomerNotFound
from apps.customers.models import Customer
from apps.customers.queries import get_customer
from apps.customers.services.change_profile import ProfileChanges, change_profile
from apps.customers.services.register_customer import register_customer
from apps.kernel.cause import Cause
from apps.kernel.identifiers import CustomerId
from apps.platform.idempotency.views import IdempotentView
from apps.platform.web.etags import etag_of, version_seen
from apps.platform.web.responses import JsonResponse
from apps.platform.web.schema import IDEMPOTENCY_KEY, IF_MATCH, endpoint, sends_etag, sends_location
from apps.platform.web.views import ApiView

T = TypeVar("T")


class CustomersView(IdempotentView):
    """Where customers are registered."""

    scopes = {"POST": "customers:write"}

    @endpoint(
        "register_customer",
        summary="Register a customer",
        request=RegisterCustomerBody,
        example={"email": "grace@example.com", "name": "Grace Example", "locale": "de"},
        responses={201: CustomerDocument},
        parameters=[IDEMPOTENCY_KEY, sends_etag(201), sends_location(201)],
        refusals={
            403: "The token is a customer's own.",
            409: "The email address is taken, or a request with this key is still in flight.",
            422: "A part of the profile cannot be kept as it is; it is named.",
        },
        tags=["customers"],
    )
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Register a customer; a service does it."""
        insist_on_service(self.principal)
        body = self.body(RegisterCustomerBody)
        profile = Profile.build(
            name=body.name,
            email=body.email,
            phone=body.phone,
            locale=body.locale,
            region=body.region or settings.OMS_REGION,
            wants_email=body.wants_email,
            wants_sms=body.wants_sms,
        )
        return self.answer_once(lambda: self._register(profile, self.cause, self.now))

    def _register(self, profile: Profile, cause: Cause, now: datetime) -> JsonResponse:
        customer = register_customer(profile=profile, cause=cause, now=now)
        return self.json(
            customer_document(customer),
            status=201,
            headers={
                "Location": f"/api/v1/customers/{customer.id}",
                "ETag": etag_of(customer.version),
            },
        )


class CustomerView(ApiView):
    """One customer, by id."""

    scopes = "customers:read"

    @endpoint(
        "get_customer",
        summary="Show one customer",
        responses={200: CustomerDocument},
        parameters=[sends_etag(200)],
        refusals={404: "There is no such customer, or it is somebody else."},
        tags=["customers"],
    )
    def get(self, request: HttpRequest, customer_id: CustomerId) -> HttpResponseBase:
        """Show a customer to a service, or to the customer."""
        if not self.principal.may_see_customer(customer_id):
            raise CustomerNotFound("There is no such customer.")
        return _shown(self, get_customer(customer_id))


class OwnProfileView(ApiView):
    """The caller's own profile."""

    scopes = {"GET": "customers:read", "PATCH": "customers:write"}

    @endpoint(
        "get_own_profile",
        summary="Show your profile",
        responses={200: CustomerDocument},
        parameters=[sends_etag(200)],
        refusals={403: "The token is a service's."},
        tags=["customers"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show the caller's profile."""
        return _shown(self, get_customer(own_customer_id(self.principal)))

    @endpoint(
        "change_own_profile",
        summary="Change your profile",
        request=ChangeCustomerBody,
        example={"name": "Grace Sample", "wants_email": False},
        responses={200: CustomerDocument},
        parameters=[IF_MATCH, sends_etag(200)],
        refusals={
            403: "The token is a service's.",
            409: "Another customer has the email address.",
            412: "An `If-Match` was sent, and the profile has changed since.",
            422: "A part of the profile cannot be kept as it is; it is named.",
            428: "An `If-Match` was sent that names nothing.",
        },
        tags=["customers"],
    )
    def patch(self, request: HttpRequest) -> HttpResponseBase:
        """Change what the body names; with `If-Match`, only what the caller has seen."""
        customer_id = own_customer_id(self.principal)
        body = self.body(ChangeCustomerBody)
        changed = change_profile(
            customer_id=customer_id,
            changes=ProfileChanges(
                name=_given(body.name),
                email=_given(body.email),
                phone=_given(body.phone),
                locale=_given(body.locale),
                wants_email=_given(body.wants_email),
                wants_sms=_given(body.wants_sms),
            ),
            expected_version=version_seen(request, lambda: get_customer(customer_id).version),
            cause=self.cause,
            now=self.now,
        )
        return _shown(self, changed)


def _shown(view: ApiView, customer: Customer) -> JsonResponse:
    return view.json(customer_document(customer), headers={"ETag": etag_of(customer.version)})


def _given(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value
