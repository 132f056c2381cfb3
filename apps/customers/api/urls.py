"""The paths of customers."""

from django.urls import path

from apps.customers.api import belongings, views

urlpatterns = [
    path("customers", views.CustomersView.as_view()),
    path("customers/me", views.OwnProfileView.as_view()),
    path("customers/me/addresses", belongings.AddressesView.as_view()),
    path("customers/me/addresses/<uuid:address_id>", belongings.AddressView.as_view()),
    path("customers/me/payment-methods", belongings.PaymentMethodsView.as_view()),
    path(
        "customers/me/payment-methods/<uuid:payment_method_id>",
        belongings.PaymentMethodView.as_view(),
    ),
    path("customers/<uuid:customer_id>", views.CustomerView.as_view()),
]
