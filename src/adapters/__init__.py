"""Adapters: one room a technology."""
