"""What a dataset really holds, before anyone trains on it: every image read once, then findings."""
