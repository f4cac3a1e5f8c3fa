"""Page of grafting."""
