"""Where the pages are."""

from django.urls import path

from apps.platform.health.views import live, ready

urlpatterns = [path("health/live", live), path("health/ready", ready)]
