"""What others may use of subscriptions: pages, the API's edge, other domains."""

from backend.subscriptions.catalogue import INTERVALS, SOLD_ONLINE
from backend.subscriptions.catalogue import amount_cents as plan_cents
from backend.subscriptions.changes import change_plan, preview_change, set_cancelled
from backend.subscriptions.checkout import checkout_status, customer_of, refetch, start_checkout
from backend.subscriptions.enterprise import request_enterprise
from backend.subscriptions.gateway import StripeGateway, close_shared_gateways, shared_gateway
from backend.subscriptions.mails import day, money, plan_words
from backend.subscriptions.reconcile import Reconciliation, reconcile, replay
from backend.subscriptions.sync import sync_customer
from backend.subscriptions.view import list_invoices, list_plans, read_subscription, read_subscription_of
from backend.subscriptions.webhooks import receive_webhook

__all__ = [
    "INTERVALS",
    "SOLD_ONLINE",
    "Reconciliation",
    "StripeGateway",
    "change_plan",
    "checkout_status",
    "close_shared_gateways",
    "customer_of",
    "day",
    "list_invoices",
    "list_plans",
    "money",
    "plan_cents",
    "plan_words",
    "preview_change",
    "read_subscription",
    "read_subscription_of",
    "receive_webhook",
    "reconcile",
    "refetch",
    "replay",
    "request_enterprise",
    "set_cancelled",
    "shared_gateway",
    "start_checkout",
    "sync_customer",
]
