"""From forward equations to formulas: the rules, the backward walk, rewrites, and the catalogue of what comes out."""
