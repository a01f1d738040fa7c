"""What Stripe would decide: amounts, dates, cards. Numbers in, numbers out."""
