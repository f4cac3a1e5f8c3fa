"""Which other fronts are served beside the pages, in this process: a door that serves one says so here, the pages link to it."""

gradio = ""  # its address on the same host, such as /gradio; empty where it is not served, as with `streamlit run`
