"""Encoders of one's own: a network pretrained by self-supervision on unlabelled images."""
