"""In Camera: a secure meeting system whose running state machines are model-checked."""

__version__ = "0.1.0"
