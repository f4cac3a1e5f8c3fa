"""Videos that strangers bring: opened in a process of their own, read frame by frame at the second, cut into clips."""

from worlds.video.clip import write_clip
from worlds.video.encode import write_video
from worlds.video.limits import Limits, VideoInfo
from worlds.video.process import Decoder
from worlds.video.video import ReaderName, Video, open_video

__all__ = ["Decoder", "Limits", "ReaderName", "Video", "VideoInfo", "open_video", "write_clip", "write_video"]
