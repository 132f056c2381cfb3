"""Every path of the platform."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerView

from apps.payments.api.pages import approve_sandbox_payment, come_back
from apps.platform.telemetry.exposition import metrics_page
from apps.platform.web.schema_view import SchemaView

# The pages are registered here, and not whenever Django starts, because workers need none of them.
# `manage.py check` looks at pages that are registered, and so only once this module is loaded.
admin.autodiscover()

urlpatterns = [
    path("", RedirectView.as_view(url="/api/v1/docs")),
    path("api/v1/", include("apps.orders.api.urls")),
    path("api/v1/", include("apps.inventory.api.urls")),
    path("api/v1/", include("apps.payments.api.urls")),
    path("api/v1/", include("apps.customers.api.urls")),
    path("api/v1/schema", SchemaView.as_view(), name="schema"),
    path("api/v1/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("", include("apps.platform.health.urls")),
    path("metrics", metrics_page),
    path("sandbox/approvals/<slug:reference>", approve_sandbox_payment),
    path("payments/<uuid:payment_id>/return", come_back, name="payment-return"),
    # Before those of the admin, which answers for whatever else begins like that.
    path("admin/idempotency/", include("apps.platform.idempotency.admin")),
    path("admin/", admin.site.urls),
]

handler400 = "apps.platform.web.error_pages.bad_request"
handler403 = "apps.platform.web.error_pages.permission_denied"
handler404 = "apps.platform.web.error_pages.page_not_found"
handler500 = "apps.platform.web.error_pages.server_error"
