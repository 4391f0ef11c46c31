"""What the core needs from outside, in the words of the business. One file a port.

Ports are structural: an adapter may subclass one, and needs not. Arguments are keyword-only where
there is more than one; times are aware; every error named in a docstring is one of
`booking_core.domain.errors`.
"""
