"""The keys that sign access tokens: ES256 pairs, a new one every month, the public halves published."""
