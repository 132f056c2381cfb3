"""Tables that grow for ever are cut by time; this makes their pieces ahead of need."""
