"""What booking-core can do: one use case a file, each one transaction."""
