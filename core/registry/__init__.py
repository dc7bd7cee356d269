"""Model packages: a trained model on disk with the card that says what it is."""
