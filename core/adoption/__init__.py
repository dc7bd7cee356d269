"""Models made elsewhere: read safely, made one flat network, judged, and put among the others."""
