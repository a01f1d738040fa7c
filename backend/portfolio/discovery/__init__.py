"""Where wallets are active and which tokens they hold; and which of those are spam, each verdict with its reasons."""
