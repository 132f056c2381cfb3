"""Customers for customer service: found by name, email or telephone, and corrected."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from unfold.admin import TabularInline

from apps.customers.domain.profile import Profile
from apps.customers.domain.refusals import InvalidProfile
from apps.customers.models import Customer, CustomerAddress, PaymentMethod
from apps.customers.services.change_profile import ProfileChanges, change_profile
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import CustomerId, read_id
from apps.platform.audit.deeds import cause_of
from apps.platform.backoffice.admin import EditableAdmin
from apps.platform.backoffice.paginator import CappedPaginator

EDITABLE = ("name", "email", "phone", "locale", "wants_email", "wants_sms")


if TYPE_CHECKING:
    CustomerForm = forms.ModelForm[Customer]
else:
    # At run time the class takes no parameters.
    CustomerForm = forms.ModelForm


class ProfileForm(CustomerForm):
    """The part of a customer that an agent may correct, and which version they have seen."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Customer
        fields = EDITABLE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        """Hold what was typed to the same rules as everywhere else."""
        typed = super().clean() or {}
        if typed.get("seen") != self.instance.version:
            # A consent that was withdrawn meanwhile must not come back with a corrected name.
            raise ValidationError("The customer has changed meanwhile; load the page again.")
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
class CustomerAdmin(EditableAdmin):
    """Changes go through the use case, so that others hear of them; new ones come by the API."""

    form = ProfileForm
    list_display: ClassVar = ["name", "email", "phone", "locale", "region", "created_at"]
    list_filter: ClassVar = ["locale", "wants_email", "wants_sms"]
    search_fields: ClassVar = ["id"]
    search_help_text = "How the name or the email address begins, the telephone number, or the id"
    paginator = CappedPaginator
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar = ()
    readonly_fields: ClassVar = ["id", "region", "version", "created_at", "updated_at"]
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "email", "phone", "locale"]}),
        ("Consent", {"fields": ["wants_email", "wants_sms"]}),
        ("Record", {"fields": ["seen", "id", "region", "version", "created_at", "updated_at"]}),
    ]
    inlines: ClassVar = [AddressInline, PaymentMethodInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        """Find what the term names, each by its index; no term, no narrowing."""
        term = search_term.strip()
        return (queryset.filter(_named_by(term)) if term else queryset), False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say why a change is refused that became impossible while the form was looked at."""
        try:
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)
        except DomainError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return answer

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        """Change the profile through its use case."""
        change_profile(
            customer_id=obj.id,
            changes=ProfileChanges(**{name: form.cleaned_data[name] for name in EDITABLE}),
            expected_version=form.cleaned_data["seen"],
            cause=cause_of(request),
            now=timezone.now(),
        )


def _named_by(term: str) -> Q:
    if customer_id := read_id(CustomerId, term):
        return Q(id=customer_id)
    begins = Q(name__istartswith=term) | Q(email__istartswith=term)
    digits = "".join(character for character in term if character.isdecimal())
    return begins | Q(phone=f"+{digits}") if digits else begins
