"""Formulas broken in every way in which people break them: what no check refuses, no check proves."""
