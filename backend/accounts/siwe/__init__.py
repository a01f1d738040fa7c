"""Sign-In with Ethereum (EIP-4361): the message, its rules, and the proof that a wallet signed it."""
