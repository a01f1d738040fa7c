"""Scheduled exports: a portfolio's file by the day, week or month, by mail or to a webhook, each once."""
