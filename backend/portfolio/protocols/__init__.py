"""What wallets hold inside of protocols: one folder a protocol, all behind the port in base.py."""
