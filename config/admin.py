"""Staff and roles, for superusers: whoever changes them leaves an entry in the audit log."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import models, transaction
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.platform.audit.deeds import record_deed
from apps.platform.backoffice.admin import EditableAdmin

if TYPE_CHECKING:
    UserPages = UserAdmin[User]
else:
    # At run time the class takes no parameters.
    UserPages = UserAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


class Audited(EditableAdmin):
    """Writes additions and changes into the audit log; the names of fields, not their values.

    The log names people by the id of their account: one that is not wanted any more is closed by
    taking `active` away.
    """

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        """Tell of a new row."""
        self._record(request, "add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        """Tell of a change, that of a password included."""
        self._record(request, "change", obj, message)
        return super().log_change(request, obj, message)

    def _record(self, request: HttpRequest, verb: str, obj: models.Model, message: Any) -> None:
        kind = str(obj._meta.model_name)
        with transaction.atomic():
            record_deed(
                request,
                action=f"staff.{verb}_{kind}",
                subject_type=kind,
                subject_id=str(obj.pk),
                changes={"what": message if isinstance(message, list) else str(message)},
            )


@admin.register(User)
class StaffAdmin(Audited, UserPages):
    """Who may come in here, and as what."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")


@admin.register(Group)
class RoleAdmin(Audited, GroupAdmin):
    """What each role may do."""
