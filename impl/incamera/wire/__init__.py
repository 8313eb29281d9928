"""What is said on the wire: messages, error codes, the media header and limits. Frozen, versioned, no I/O."""
