"""Conformance: model checking, state graphs, agreement, generated cases and replay for In Camera."""
