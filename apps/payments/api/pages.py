"""Pages for customers: where they approve a sandbox payment, and where providers send them back."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from apps.kernel.identifiers import PaymentId
from apps.payments.domain.refusals import PaymentNotFound
from apps.payments.ports import UNPAID
from apps.payments.queries import (
    find_payment_to_go_on_with,
    get_payment_to_approve,
    has_ended_unpaid,
    waits_for_approval,
)
from apps.payments.services.decide_approval import decide_approval
from apps.payments.services.take_back_customer import take_back_customer
from apps.platform.database_clock import database_now


@require_http_methods(["GET", "POST"])
def approve_sandbox_payment(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask the customer, as a bank would; the answer sends them back to the return page.

    Once it is decided, or waited for no longer, the page asks nothing. Deciding again changes nothing.
    """
    try:
        if request.method == "POST":
            decide_approval(
                reference=reference,
                approved=request.POST.get("decision") == "approve",
                now=timezone.now(),
            )
        payment = get_payment_to_approve(reference)
    except PaymentNotFound as error:
        raise Http404 from error
    if request.method == "POST":
        return redirect("payment-return", payment_id=payment.id)
    waits = waits_for_approval(payment, database_now())
    return render(
        request,
        "payments/approve.html" if waits else "payments/nothing_to_decide.html",
        {"amount": payment.amount, "order_number": payment.order_number},
    )


@csrf_exempt  # Nothing but GET and HEAD is answered, and whoever posts is to read that.
@require_safe
def come_back(request: HttpRequest, payment_id: PaymentId) -> HttpResponse:
    """Welcome a customer whom the provider sent back, and look up what was decided.

    One who did not want to pay is shown the way back to the provider's page, while the order waits, and one
    who is too late is told so. That is all: the page is open to everybody, so that it decides nothing.
    """
    now, query = database_now(), request.GET.dict()
    take_back_customer(payment_id=payment_id, query=query, now=now)
    if not query.items() >= UNPAID.items():
        ended = has_ended_unpaid(payment_id)
        return render(request, "payments/ended.html" if ended else "payments/return.html")
    payment = find_payment_to_go_on_with(payment_id, now)
    if payment is None:
        return render(request, "payments/nothing_to_decide.html")
    return render(
        request,
        "payments/not_paid.html",
        {"page": payment.action_url, "until": payment.action_expires_at},
    )
