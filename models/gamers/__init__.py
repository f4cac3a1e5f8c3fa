"""Small language models that play the games of RAGEN: their words, what they are shown, and how they begin."""
