"""The event bus: facts are stored with the change that made them true and handed on until done.

PostgreSQL is the queue; Celery carries wake-ups. Publish with `publish`, hear with `subscribe`.
"""
