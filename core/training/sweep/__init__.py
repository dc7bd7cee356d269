"""A sweep: recipes, their settings and seeds on one dataset, and a table that cannot fool."""
