"""Other ways to ask a network what drove its answer, beside the one-pass Grad-CAM."""
