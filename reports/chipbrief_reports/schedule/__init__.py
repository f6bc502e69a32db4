"""Editions that print themselves: what is due, by whom it is printed, and what becomes of it."""
