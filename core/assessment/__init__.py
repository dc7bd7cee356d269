"""A model package and any dataset in, a judgement out: what the model is worth on these images."""
