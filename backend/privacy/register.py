"""The register of what we hold (GDPR article 30): every table, whose its rows are, why we hold them, what leaves.

Exports read exactly what stands here. A test walks the database's catalogue: a table or column that is missing here
fails it, so whoever adds one decides whether its owner gets it. How long rows are kept stands in `retention.py`.
"""

from backend.privacy.holding import SERVICE as _SERVICE
from backend.privacy.holding import Holding
from backend.privacy.register_tax import TAX_HELD

_ACCOUNT = "to know you and to let you in"
_BILLING = "to charge what you subscribed to, and to show what you paid"
_SECURITY = "to protect your account and to show you what was done in it"
_LAW = "to honour your rights"

HELD: dict[str, Holding] = {
    **TAX_HELD,
    "premium_users": Holding(
        "id",
        _ACCOUNT,
        ("id", "email", "email_verified_at", "wallet_address", "tier", "created_at"),
        ("password_hash",),
    ),
    "user_sessions": Holding(
        "user_id",
        _SECURITY,
        (
            *("id", "user_id", "kind", "way", "user_agent", "ip_address"),
            *("created_at", "last_seen_at", "expires_at", "revoked_at"),
        ),
        ("token_hash",),
    ),
    "refresh_tokens": Holding(
        "user_id",
        _SECURITY,
        ("id", "user_id", "session_id", "created_at", "expires_at", "used_at"),
        ("token_hash",),
    ),
    "account_links": Holding(
        "user_id",
        _SECURITY,
        ("id", "user_id", "purpose", "email", "created_at", "expires_at", "used_at"),
        ("token_hash", "browser_mark"),
    ),
    "two_factor": Holding("user_id", _SECURITY, ("user_id", "created_at", "enabled_at"), ("sealed_seed", "last_step")),
    "recovery_codes": Holding("user_id", _SECURITY, ("id", "user_id", "used_at"), ("code_hash",)),
    "user_wallets": Holding("user_id", _ACCOUNT, ("id", "user_id", "address", "chain_id", "kind", "label", "added_at")),
    "user_identities": Holding("user_id", _ACCOUNT, ("id", "user_id", "provider", "subject", "email", "linked_at")),
    "audit_log": Holding(
        "user_id",
        _SECURITY,
        (
            *("id", "user_id", "action", "target", "details", "channel", "ip_address", "user_agent"),
            *("request_id", "recorded_at"),
        ),
    ),
    "api_keys": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "name", "prefix", "old_secret_until", "scopes", "requests_per_minute"),
            *("created_at", "rotated_at", "expires_at", "last_used_at", "revoked_at"),
        ),
        ("secret_hash", "old_secret_hash"),
    ),
    "alert_rules": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "name", "type", "conditions", "actions", "enabled", "frequency"),
            *(
                "trigger",
                "hysteresis_pct",
                "active_hours",
                "expires_at",
                "next_due_at",
                "snoozed_until",
                "guard",
                "else_actions",
            ),
            *("cooldown_seconds", "version", "paused_by_plan", "created_at", "updated_at", "deleted_at"),
        ),
        ("changed_xid",),
    ),
    "alert_history": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "triggered_at", "alert_rule_id", "user_id", "rule_version", "type", "event_id", "chain_id"),
            *("block_number", "block_hash", "tx_hash", "token", "message", "event_data", "recorded_at"),
            *("withdrawn_at", "withdrawn_reason", "suppressed"),
        ),
    ),
    "automation_runs": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "alert_id", "alert_rule_id", "rule_name", "kind", "triggered_at", "news_at", "path"),
            *("plan", "status", "branch", "problem", "created_at", "started_at", "ended_at"),
        ),
    ),
    "automation_steps": Holding(
        "user_id",
        _SERVICE,
        (
            *("run_id", "number", "user_id", "type", "outcome", "summary", "details"),
            *("started_at", "ended_at"),
        ),
    ),
    "portfolio_wallets": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "address", "label", "group_name", "ens_name", "added_by", "paused_by_plan"),
            *("added_at", "discovered_at"),
        ),
    ),
    "portfolio_wallet_chains": Holding(
        "user_id",
        _SERVICE,
        (
            *("wallet_id", "user_id", "chain_id", "is_active", "nonce", "balance_raw", "block_number", "problem"),
            *("checked_at", "next_block"),
        ),
    ),
    "portfolio_wallet_tokens": Holding(
        "user_id", _SERVICE, ("wallet_id", "user_id", "chain_id", "token", "found_by", "found_at")
    ),
    "portfolio_token_verdicts": Holding(
        "user_id", _SERVICE, ("user_id", "chain_id", "token", "is_spam", "reasons", "decided_by", "decided_at")
    ),
    "ledger_coverage": Holding(
        "user_id",
        _SERVICE,
        (
            *("user_id", "wallet", "chain_id", "from_block", "to_block", "to_block_at", "native_is_known"),
            *("reached_start", "source", "checked_at", "problem"),
        ),
        ("version",),
    ),
    "ledger_events": Holding(
        "user_id",
        _SERVICE,
        (
            *("user_id", "id", "wallet", "chain_id", "kind", "happened_at", "block_number", "block_hash", "tx_hash"),
            *("tx_index", "number", "source", "legs", "approvals", "protocol", "counterparty", "identifiers"),
            *("method", "fee_wei", "fee_price_usd", "succeeded", "problem", "withdrawn_at"),
        ),
        ("decoder_version", "digest", "price_due_at", "price_tries"),
    ),
    "ledger_event_tokens": Holding(
        "user_id",
        _SERVICE,
        (),
        (  # a copy, for looking events up
            *("user_id", "token", "chain_id", "happened_at", "block_number", "tx_index", "number", "event_id"),
        ),
    ),
    "portfolio_profits": Holding("user_id", _SERVICE, ("user_id", "taken_at", "computed_at", "totals"), ("heard",)),
    "portfolio_profit_assets": Holding(
        "user_id", _SERVICE, ("user_id", "chain_id", "token", "figures", "lots", "trades")
    ),
    "portfolio_flows": Holding(
        "user_id",
        _SERVICE,
        ("user_id", "hour", "since", "net_flow_usd", "problems", "differences"),
        ("digest",),
    ),
    "target_allocations": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "name", "counted_by", "parts", "tolerance_pct", "is_active"),
            *("created_at", "changed_at"),
        ),
    ),
    "rebalancing_answers": Holding(
        "user_id", _SERVICE, ("target_id", "suggestion_id", "user_id", "answer", "answered_at")
    ),
    "leaderboard_members": Holding(
        "user_id",
        _SERVICE,
        ("user_id", "pseudonym", "joined_at", "standing", "checked_at"),
        ("id", "pseudonym_key"),
    ),
    "portfolio_liquidity_positions": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "chain_id", "pool", "version", "is_known_factory", "fee_ppm", "token0", "token1"),
            *("symbol0", "symbol1", "decimals0", "decimals1", "entry_at", "entry_price", "lower_price"),
            *("upper_price", "amount0", "amount1", "label", "added_at", "price_now", "price0_usd", "price0_source"),
            *("price1_usd", "price1_source", "block_number", "block_hash", "read_at", "problem"),
        ),
    ),
    "portfolio_wallet_collections": Holding(
        "user_id",
        _SERVICE,
        (
            *("wallet_id", "user_id", "chain_id", "collection", "token_ids", "has_more", "first_tx", "first_block"),
            *("recipients", "found_at"),
        ),
    ),
    "portfolio_collection_verdicts": Holding(
        "user_id", _SERVICE, ("user_id", "chain_id", "collection", "is_spam", "reasons", "decided_by", "decided_at")
    ),
    "scheduled_exports": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "name", "what", "format", "span", "every", "weekday", "month_day", "at", "time_zone"),
            *("channel", "destination", "is_paused", "next_due_at", "created_at"),
        ),
    ),
    "export_runs": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "schedule_id", "user_id", "due_at", "is_test", "status", "problem", "file_name", "media_type"),
            *("size_bytes", "finished_at"),
        ),
        ("content",),  # a copy of what it was made of
    ),
    "recommendation_answers": Holding("user_id", _SERVICE, ("user_id", "id", "answer", "answered_at")),
    "alert_days": Holding(
        "user_id",
        _SERVICE,
        ("user_id", "day", "alert_rule_id", "chain_id", "type", "alerts", "suppressed", "withdrawn"),
    ),
    "delivery_days": Holding("user_id", _SERVICE, ("user_id", "day", "channel", "sent", "dead", "waiting")),
    "notification_outbox": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "alert_id", "alert_rule_id", "channel", "destination", "event_type", "payload"),
            *("status", "attempts", "next_attempt_at", "locked_until", "last_error", "last_status_code"),
            *("created_at", "sent_at", "channel_id", "kind", "attempt_id", "maybe_sent_at", "receipt"),
            *("held_until", "held_for", "group_key", "bundle_id"),
        ),
    ),
    "notification_channels": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "channel", "label", "shown_target", "status", "created_at", "last_used_at"),
            "last_error",
        ),
        ("sealed_target", "target_mark"),  # whoever has a hook or a subscription may write to it
    ),
    "notification_preferences": Holding("user_id", _SERVICE, ("user_id", "kind", "channel", "enabled", "changed_at")),
    "notification_settings": Holding(
        "user_id",
        _SERVICE,
        (
            *("user_id", "time_zone", "quiet_from", "quiet_to", "critical_kinds", "digest", "digest_at"),
            *("group_seconds", "changed_at"),
        ),
    ),
    "portfolio_snapshots": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "hour", "taken_at", "total_value_usd", "net_flow_usd", "is_complete"),
            *("chain_breakdown", "asset_breakdown", "category_breakdown", "withdrawn_at", "withdrawn_block"),
        ),
    ),
    "portfolio_rollups": Holding(
        "user_id",
        _SERVICE,
        (
            *("user_id", "unit", "starts_at", "samples", "complete", "counted", "first_at", "first_value_usd"),
            *("last_at", "last_value_usd", "min_value_usd", "max_value_usd", "sum_value_usd", "net_flow_usd"),
            *("chains_usd", "categories_usd"),
        ),
    ),
    "platform_events": Holding(
        "user_id",
        _SERVICE,
        (),
        ("id", "user_id", "event", "created_at", "place", "emit_seq", "emitted_at"),  # a copy, on its way to the rules
    ),
    "bot_links": Holding(
        "user_id",
        _SERVICE,
        ("id", "user_id", "bot", "channel_id", "linked_at"),
        ("person_mark",),
    ),
    "mail_outbox": Holding(
        "user_id",
        _SERVICE,
        (
            *("id", "user_id", "recipient", "template", "status", "attempts", "next_attempt_at", "locked_until"),
            *("last_error", "created_at", "sent_at"),
        ),
        ("content",),
    ),
    "mail_switched_off": Holding("user_id", _SERVICE, ("user_id", "kind", "switched_off_at")),
    "webhook_secrets": Holding(
        "user_id",
        _SERVICE,
        ("user_id", "old_valid_until", "rotated_at"),
        ("sealed_secret", "sealed_old_secret"),
    ),
    "billing_customers": Holding(
        "user_id",
        _BILLING,
        ("user_id", "stripe_customer_id", "synced_at", "trial_used_at", "created_at"),
        ("synced_fetch",),
    ),
    "subscriptions": Holding(
        "user_id",
        _BILLING,
        (
            *("id", "user_id", "stripe_subscription_id", "tier", "status", "billing_interval", "price_id"),
            *("amount_cents", "currency", "current_period_start", "current_period_end", "trial_end"),
            *("cancel_at_period_end", "cancel_at", "ended_at", "past_due_since", "trial_reminder_at"),
            *("started_at", "synced_at", "created_at"),
        ),
    ),
    "invoices": Holding(
        "user_id",
        _BILLING,
        (
            *("id", "user_id", "stripe_invoice_id", "stripe_subscription_id", "number", "status"),
            *("amount_due_cents", "amount_paid_cents", "total_cents", "currency", "description", "attempt_count"),
            *("next_attempt_at", "issued_at", "paid_at"),
        ),
        ("hosted_url", "pdf_url"),  # whoever has these may open the invoice without signing in
    ),
    "enterprise_requests": Holding("user_id", _SERVICE, ("id", "user_id", "company", "email", "message", "created_at")),
    "user_consents": Holding("user_id", _LAW, ("user_id", "purpose", "granted", "decided_at")),
    "data_exports": Holding(
        "user_id",
        _LAW,
        (
            *("id", "user_id", "status", "step", "tables_done", "tables_total", "rows_written", "rows_total"),
            *("size_bytes", "problem", "requested_at", "started_at", "ready_at", "expires_at"),
        ),
    ),
    "data_export_parts": Holding("user_id", _LAW, (), ("export_id", "part_number", "user_id", "content")),
    "erasure_requests": Holding("user_id", _LAW, ("user_id", "requested_at", "due_at")),
}

# Rows that are nobody's and that everybody may read.
SHARED: dict[str, str] = {
    "chain_blocks": "public chain data",
    "chain_checkpoints": "public chain data",
    "chain_tokens": "public chain data",
    "chain_pools": "public chain data",
    "token_list_entries": "public lists of tokens",
    "nft_collections": "public chain data",
    "price_readings": "public prices",
    "price_points": "public prices of before",
    "fiat_rates": "public exchange rates",
    "metric_readings": "public readings of chains",
    "chain_occurrences": "public chain data",
    "portfolio_marks": "up to when portfolios were rolled up and dropped blocks looked at",
    "alert_roll_up": "up to which day alerts were counted",
    "leaderboard_rows": "names that members chose, and returns in percent; whose they are only workers see",
    "signing_keys": "keys that sign access tokens: public halves, and private ones sealed",
    "local_mailbox": "mails of a run without a mail provider; empty in production",
    "alembic_version": "which migration the schema is at",
}

# What only workers see: the web role may not read any of it. Named with its schema.
INTERNAL: dict[str, str] = {
    "procrastinate.procrastinate_jobs": "jobs that wait or died, with ids of what they are about",
    "procrastinate.procrastinate_events": "when jobs began and ended",
    "procrastinate.procrastinate_periodic_defers": "which work by the clock was put in line",
    "procrastinate.procrastinate_workers": "job workers and their heartbeats",
    "procrastinate.job_errors": "why jobs died",
    "stripe_events": "which webhooks came (no content, no user: the customer they are about is fetched)",
}


def exported_tables() -> dict[str, Holding]:
    """Return the tables that an export consists of."""
    return {name: holding for name, holding in HELD.items() if holding.exported}
