"""The paths of inventory."""

from django.urls import path

from apps.inventory.api import views

urlpatterns = [
    path("products", views.ProductsView.as_view()),
    path("stock/counts", views.CountsView.as_view()),
    path("stock/movements", views.MovementsView.as_view()),
    path("availability", views.AvailabilityView.as_view()),
]
