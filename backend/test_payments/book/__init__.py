"""The account: customers, prices, subscriptions, invoices, and what happens to them as time goes by."""
