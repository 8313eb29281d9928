"""The demo: one real meeting from first key to proven recording, in a temporary folder, over real QUIC sockets."""
