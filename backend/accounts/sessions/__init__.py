"""Server-side sessions: a browser's by its cookie, a program's by its refresh tokens."""
