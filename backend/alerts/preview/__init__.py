"""Back-evaluation: what a rule would have fired on what is stored, by the engine that fires it live."""
