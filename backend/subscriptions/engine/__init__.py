"""What a set of subscriptions gives. Pure: no clock, no store, no Stripe."""
