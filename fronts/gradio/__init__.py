"""What the Gradio front is made of beside its tabs: the gate in front of Gradio's own routes, and the sessions of its visitors."""
