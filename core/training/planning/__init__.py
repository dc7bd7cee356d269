"""Planning: how long a run will take and what it needs, before it starts."""
