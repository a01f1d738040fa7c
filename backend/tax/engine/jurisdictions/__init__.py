"""The places whose rules the engine knows: a file each, with `JURISDICTIONS`; the registry finds them by themselves."""
