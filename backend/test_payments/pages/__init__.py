"""The pages Stripe would host: checkout, customer portal, invoice."""
