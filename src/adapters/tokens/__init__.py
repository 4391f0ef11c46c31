"""Bearer tokens that the service signs itself, under a key derived from `SECRET_KEY`."""

from adapters.tokens.signed import SignedTokens

__all__ = ["SignedTokens"]
