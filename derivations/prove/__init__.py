"""Proofs that share no code with the derivation: they read the cell's equations and the finished statements only."""
