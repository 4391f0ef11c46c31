"""For tests of software that uses booking-core, or that brings adapters of its own.

`examples` makes valid domain objects, `contracts` holds the promises of each port as pytest classes
to subclass, and the wheel adds `memory`, every port in memory.
"""
