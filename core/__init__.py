"""Lobule's core: images and datasets in, honest answers out. Imports no Streamlit."""
