"""The demo: one real meeting from first key to proven recording, in a temporary folder, over real QUIC sockets."""

from incamera.demo.play import play
from incamera.demo.steps import Outcome, Step, Steps

__all__ = ["Outcome", "Step", "Steps", "play"]
