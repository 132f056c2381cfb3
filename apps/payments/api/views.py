"""The doors of payments: to read one, and for what providers tell us."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from msgspec import UNSET

from apps.kernel.identifiers import PaymentId
from apps.payments.api.bodies import CaptureBody, PaymentDetailDocument, ReceivedDocument
from apps.payments.api.documents import payment_document
from apps.payments.queries import get_payment
from apps.payments.services.capture_payment import capture_payment
from apps.payments.services.receive_messages import receive_messages
from apps.payments.services.void_payment import void_payment
from apps.platform.idempotency.views import IdempotentView
from apps.platform.web.responses import JsonResponse
from apps.platform.web.schema import IDEMPOTENCY_KEY, endpoint
from apps.platform.web.sums import read_sum
from apps.platform.web.views import ApiView


class PaymentView(ApiView):
    """One payment."""

    scopes = "payments:read"

    @endpoint(
        "get_payment",
        summary="Show a payment with every call to its provider, and its disputes",
        responses={200: PaymentDetailDocument},
        refusals={404: "There is no such payment, or it is somebody else's."},
        tags=["payments"],
    )
    def get(self, request: HttpRequest, payment_id: PaymentId) -> HttpResponseBase:
        """Show a payment."""
        return self.json(
            payment_document(get_payment(payment_id, customer_id=self.principal.customer_id))
        )


class CaptureView(IdempotentView):
    """Charging a payment."""

    scopes = "payments:write"

    @endpoint(
        "capture_payment",
        summary="Capture an authorised payment, whole or in part",
        request=CaptureBody,
        example={"amount": "19.90"},
        responses={202: PaymentDetailDocument},
        parameters=[IDEMPOTENCY_KEY],
        refusals={
            404: "There is no such payment, or it is somebody else's.",
            409: "It is not authorised, or a call is under way; `status` says where it stands.",
            422: "Nothing, or more than was authorised.",
        },
        tags=["payments"],
    )
    def post(self, request: HttpRequest, payment_id: PaymentId) -> HttpResponseBase:
        """Record the capture; the provider is called after the answer."""
        body = self.body(CaptureBody) if request.body else CaptureBody()
        payment = get_payment(payment_id, customer_id=self.principal.customer_id)
        wanted = None
        if body.amount is not UNSET:
            wanted = read_sum(
                body.amount, currency=payment.currency, pointer="/amount"
            ).amount_minor

        def capture() -> JsonResponse:
            capture_payment(
                payment_id=payment.id, amount_minor=wanted, cause=self.cause, now=self.now
            )
            return self.json(
                payment_document(get_payment(payment.id, customer_id=None)), status=202
            )

        return self.answer_once(capture)


class VoidView(IdempotentView):
    """Letting a payment go."""

    scopes = "payments:write"

    @endpoint(
        "void_payment",
        summary="Void an authorised payment; its order is called off",
        responses={202: PaymentDetailDocument},
        parameters=[IDEMPOTENCY_KEY],
        refusals={
            404: "There is no such payment, or it is somebody else's.",
            409: "It is charged, or has ended; `status` says where it stands.",
            422: "The key was sent with another request before.",
        },
        tags=["payments"],
    )
    def post(self, request: HttpRequest, payment_id: PaymentId) -> HttpResponseBase:
        """Record the void; the provider is called after the answer."""
        payment = get_payment(payment_id, customer_id=self.principal.customer_id)

        def void() -> JsonResponse:
            void_payment(payment_id=payment.id, cause=self.cause, now=self.now)
            return self.json(
                payment_document(get_payment(payment.id, customer_id=None)), status=202
            )

        return self.answer_once(void)


class WebhookView(ApiView):
    """The providers' door: signed messages, stored before they are answered."""

    is_public = True
    limit_name = None

    @endpoint(
        "receive_webhook",
        summary="Take in a provider's message",
        request=OpenApiTypes.OBJECT,
        responses={200: ReceivedDocument},
        refusals={
            400: "The signature is missing, wrong or too old, or the message cannot be read.",
            404: "No such provider is in use.",
            503: "The provider has to be asked about the signature, and does not answer.",
        },
        tags=["webhooks"],
    )
    def post(self, request: HttpRequest, provider: str) -> HttpResponseBase:
        """Store the message; a repeated one changes nothing."""
        is_new = receive_messages(
            provider=provider,
            body=request.body,
            headers={name.lower(): value for name, value in request.headers.items()},
            now=self.now,
        )
        return self.json(ReceivedDocument(is_new=is_new))
