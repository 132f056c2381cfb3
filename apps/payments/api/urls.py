"""The paths of payments."""

from django.urls import path

from apps.payments.api import views

urlpatterns = [
    path("payments/<uuid:payment_id>", views.PaymentView.as_view()),
    path("payments/<uuid:payment_id>/capture", views.CaptureView.as_view()),
    path("payments/<uuid:payment_id>/void", views.VoidView.as_view()),
    path("webhooks/<slug:provider>", views.WebhookView.as_view()),
]
