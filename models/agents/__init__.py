"""The agents of the miniature worlds: what each is told and says, what it learns from, and how it is trained. The network is
`models.scene_vlm`'s, a LlavaForConditionalGeneration; what is one world's own stands in `home` and `table`."""
