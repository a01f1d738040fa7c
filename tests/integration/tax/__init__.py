"""Tax on real parts: PostgreSQL, the API, and jobs."""
