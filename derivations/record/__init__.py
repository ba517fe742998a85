"""What is kept of a formula: evidence, published statements, addresses, citations, the exported catalogue."""
