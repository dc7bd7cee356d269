"""A model package and any dataset in, an evaluation out: what the model is worth on them."""
