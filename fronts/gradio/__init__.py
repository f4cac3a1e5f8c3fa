"""What the Gradio front is made of: tabs with inputs and outputs, how a run is asked for, the gate in front of Gradio's own routes,
and the sessions of its visitors."""
