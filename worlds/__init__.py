"""Where data comes from: drawn scenes, generated videos, and the reading of videos that people bring."""
