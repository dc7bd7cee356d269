"""Numbers to Plotly figures."""
