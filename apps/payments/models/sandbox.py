"""What the sandbox keeps."""

from django.db import models


class SandboxApproval(models.Model):
    """The sandbox's only book: what a customer decided on its approval page."""

    reference = models.CharField(max_length=64, primary_key=True)
    approved = models.BooleanField()
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reference
