"""What stands between strangers and the doors: names that are answered to, sizes that are let in, Gradio's own routes."""
