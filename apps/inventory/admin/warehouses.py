"""Warehouses, which operators set up: name, address, preference and whether they take part."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.inventory.models import Warehouse
from apps.kernel.errors import JsonValue
from apps.platform.audit.deeds import record_deed
from apps.platform.backoffice.admin import EditableAdmin
from apps.platform.backoffice.formatting import lines

ADDRESS_PARTS = ("line1", "line2", "postal_code", "city", "region", "country", "phone")
DETAILS = ("name", "priority", "active")

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Warehouse]
else:
    # At run time the class takes no parameters.
    ModelForm = forms.ModelForm


class WarehouseForm(ModelForm):
    """The details of a warehouse, the address in parts."""

    class Meta:
        """The rest of the address is kept as it is."""

        model = Warehouse
        fields = ("code", *DETAILS)
        widgets: ClassVar = {"name": UnfoldAdminTextInputWidget}

    line1 = forms.CharField(label="Street", max_length=100, required=False)
    line2 = forms.CharField(label="Further line", max_length=100, required=False)
    postal_code = forms.CharField(max_length=35, required=False)
    city = forms.CharField(max_length=100, required=False)
    region = forms.CharField(label="State or region", max_length=100, required=False)
    country = forms.RegexField(
        r"^[A-Z]{2}$", required=False, help_text="Two capital letters, such as DE."
    )
    phone = forms.CharField(label="Telephone", max_length=35, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in ADDRESS_PARTS:
            self.fields[part].widget = UnfoldAdminTextInputWidget()
            self.initial.setdefault(part, self.instance.address.get(part, ""))

    def clean(self) -> dict[str, Any]:
        """Put the parts of the address together."""
        typed = super().clean() or {}
        parts = {part: typed[part] for part in ADDRESS_PARTS if part in typed}
        kept = {name: text for name, text in self.instance.address.items() if name not in parts}
        self.instance.address = {**kept, **{name: text for name, text in parts.items() if text}}
        return typed


@admin.register(Warehouse)
class WarehouseAdmin(EditableAdmin):
    """A warehouse is closed by taking it out of service; its code stands in the ledger for ever."""

    form = WarehouseForm
    list_display = ("code", "name", "city", "priority", "active")
    list_filter = ("active",)
    search_fields = ("code", "name")

    @admin.display(description="City")
    def city(self, warehouse: Warehouse) -> str:
        """Show where it is."""
        return str(warehouse.address.get("city", ""))

    @admin.display(description="Address")
    def address_shown(self, warehouse: Warehouse) -> SafeString:
        """Show the address to those who may not change it."""
        return lines(*(str(warehouse.address.get(part, "")) for part in ADDRESS_PARTS))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Warehouse | None = None
    ) -> tuple[str, ...]:
        """Fix the code once it is chosen."""
        return ("code", "address_shown") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Warehouse | None = None) -> Any:
        """Show the address whole, or its parts to those who may change them."""
        may_change = obj is None or self.has_change_permission(request, obj)
        address = ADDRESS_PARTS if may_change else ("address_shown",)
        return ((None, {"fields": ("code", *DETAILS)}), ("Address", {"fields": address}))

    def save_model(self, request: HttpRequest, obj: Warehouse, form: Any, change: bool) -> None:
        """Store the details and who changed them; nothing where nothing was changed."""
        if not form.changed_data:
            return
        changes: dict[str, JsonValue] = {
            name: [form.initial.get(name), form.cleaned_data[name]] for name in form.changed_data
        }
        with transaction.atomic():
            obj.save(force_insert=not change)
            record_deed(
                request,
                action="inventory.change_warehouse" if change else "inventory.add_warehouse",
                subject_type="warehouse",
                subject_id=obj.code,
                changes=changes,
            )
