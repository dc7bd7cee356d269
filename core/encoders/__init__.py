"""Frozen networks of the field that turn tissue into features, each with a card of its own."""
