"""From a transaction to a wallet's events: `decode.decode`, and one folder a protocol in `protocols/`. Pure."""
