"""The letters that Django's file-based email backend has written, to look through."""
