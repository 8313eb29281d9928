"""The client's media: sources, encoding, the way into datagrams and back, recording, and the proof of a recording.

    source ── encode ──► frames ── play / fragment ──► datagrams ~~~► Reassembler ──► frames ──► Recorder, decoders
       └────────────────────────── compare_video, compare_audio ◄──────────────────────────────── recording

Everything but `play` is synchronous and computes or writes a file: call it in a worker thread.
"""

from incamera.tcc.media.decoder import AudioDecoder, VideoDecoder
from incamera.tcc.media.encoder import encode, encode_audio, encode_video
from incamera.tcc.media.errors import MediaError, RecordingError
from incamera.tcc.media.file import FileSource
from incamera.tcc.media.frames import EncodedFrame, Kind, fragment
from incamera.tcc.media.pacing import play
from incamera.tcc.media.pattern import TestPattern
from incamera.tcc.media.proof import AudioProof, VideoProof, compare_audio, compare_video
from incamera.tcc.media.reassembly import Counts, Reassembler
from incamera.tcc.media.recorder import Recorder
from incamera.tcc.media.source import Picture, Sound, Source

__all__ = [
    "AudioDecoder",
    "AudioProof",
    "Counts",
    "EncodedFrame",
    "FileSource",
    "Kind",
    "MediaError",
    "Picture",
    "Reassembler",
    "Recorder",
    "RecordingError",
    "Sound",
    "Source",
    "TestPattern",
    "VideoDecoder",
    "VideoProof",
    "compare_audio",
    "compare_video",
    "encode",
    "encode_audio",
    "encode_video",
    "fragment",
    "play",
]
