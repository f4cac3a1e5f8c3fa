"""The agent of the miniature home: what it is told and says, what it learns from, and how it is trained. The network is
`models.scene_vlm`'s, a LlavaForConditionalGeneration."""
