"""A recipe and a dataset in, a model package out."""
