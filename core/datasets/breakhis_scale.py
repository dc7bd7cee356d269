"""The scale of BreaKHis as published; on its own, so that a page has it without pandas."""

UM_PER_PX = {"40X": 0.49, "100X": 0.20, "200X": 0.10, "400X": 0.05}
"""Micrometres per pixel at full size, 700×460 px (Spanhol et al. 2016)."""
