"""The client: organise a meeting, join it and take part."""
