"""Customers for customer service: found by name, email or telephone, and corrected."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline

from apps.customers.domain.profile import Profile
from apps.customers.domain.refusals import InvalidProfile
from apps.customers.models import Customer, CustomerAddress, PaymentMethod
from apps.customers.services.change_profile import ProfileChanges, change_profile
from apps.platform.backoffice.deeds import cause_of

EDITABLE = ("name", "email", "phone", "locale", "wants_email", "wants_sms")


if TYPE_CHECKING:
    CustomerForm = forms.ModelForm[Customer]
else:
    # At run time the class takes no parameters.
    CustomerForm = forms.ModelForm


class ProfileForm(CustomerForm):
    """The part of a customer that an agent may correct."""

    class Meta:
        model = Customer
        fields = EDITABLE

    def clean(self) -> dict[str, Any]:
        """Hold what was typed to the same rules as everywhere else."""
        typed = super().clean() or {}
        if not self.errors:
            try:
                profile = Profile.build(
                    region=self.instance.region, **{name: typed[name] for name in EDITABLE}
                )
            except InvalidProfile as refusal:
                field = str(refusal.context["pointer"]).lstrip("/")
                raise ValidationError({field: refusal.detail}) from refusal
            typed.update({name: getattr(profile, name) for name in EDITABLE})
        return typed


class ReadOnlyInline(TabularInline):
    """Rows that are shown and never changed here."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AddressInline(ReadOnlyInline):
    model = CustomerAddress
    fields: ClassVar = ["name", "company", "line1", "postal_code", "city", "country", "phone"]


class PaymentMethodInline(ReadOnlyInline):
    """The token is not shown: nobody here has a use for it."""

    model = PaymentMethod
    fields: ClassVar = ["provider", "method_type", "brand", "last4", "expiry", "created_at"]
    readonly_fields: ClassVar = ["expiry"]


@admin.register(Customer)
class CustomerAdmin(ModelAdmin):
    """Changes go through the use case, so that others hear of them; new ones come by the API."""

    form = ProfileForm
    list_display: ClassVar = ["name", "email", "phone", "locale", "region", "created_at"]
    list_filter: ClassVar = ["locale", "region", "wants_email", "wants_sms"]
    search_fields: ClassVar = ["email", "name", "phone", "id"]
    search_help_text = "Name, email, telephone number or id"
    show_full_result_count = False
    readonly_fields: ClassVar = ["id", "region", "version", "created_at", "updated_at"]
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "email", "phone", "locale"]}),
        ("Consent", {"fields": ["wants_email", "wants_sms"]}),
        ("Record", {"fields": ["id", "region", "version", "created_at", "updated_at"]}),
    ]
    inlines: ClassVar = [AddressInline, PaymentMethodInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        """Change the profile through its use case."""
        change_profile(
            customer_id=obj.id,
            changes=ProfileChanges(**{name: form.cleaned_data[name] for name in EDITABLE}),
            cause=cause_of(request),
            now=timezone.now(),
        )
