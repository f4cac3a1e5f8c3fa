"""Page of merging, a file per view."""
