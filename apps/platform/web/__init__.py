"""The conventions of the REST API, so that no endpoint has to invent them.

Owns who may call (`authentication`), how often (`ratelimits`), what a body, a page, a problem and
a schema look like (`views`, `pagination`, `problems`, `schema`) and what never gets past the door
(`middleware`). It declines to know any resource: those belong to the contexts.
"""
