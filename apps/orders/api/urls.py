"""The paths of orders."""

from django.urls import path

from apps.orders.api import refunds, views

urlpatterns = [
    path("orders", views.OrdersView.as_view()),
    path("orders/<str:reference>", views.OrderView.as_view()),
    path("orders/<str:reference>/timeline", views.TimelineView.as_view()),
    path("orders/<str:reference>/cancel", views.CancelView.as_view()),
    path("orders/<str:reference>/refunds", refunds.RefundsView.as_view()),
]
