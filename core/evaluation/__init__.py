"""Numbers in, numbers out: metrics, intervals by patient, calibration, operating points."""
