"""The small vision-language network of the drawn scenes, with its words and its processor."""
