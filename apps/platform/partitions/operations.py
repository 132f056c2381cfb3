"""The migration operation for a partitioned table."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.models import CreateModel
from django.db.migrations.state import ProjectState


class CreatePartitionedModel(CreateModel):
    """Create a model's table partitioned by range of one column, with its default partition.

    The other partitions are made after every migration and by the scheduler.
    """

    def __init__(self, *, partition_by: str, **kwargs: Any) -> None:
        """Take what `CreateModel` takes, and the column."""
        self.partition_by = partition_by
        super().__init__(**kwargs)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Describe the operation for the migration writer."""
        name, args, kwargs = super().deconstruct()
        return name, list(args), {**kwargs, "partition_by": self.partition_by}

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create the table and its default partition."""
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{plain} PARTITION BY RANGE ({self.partition_by})"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        schema_editor.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
