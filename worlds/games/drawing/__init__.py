"""What the pictures of the games share: a board of square cells, the two who play, and letters."""
