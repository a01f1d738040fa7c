"""The Prometheus metrics that somebody would act on; what each means stands in docs/metrics.md."""

from prometheus_client import Counter, Gauge, Histogram

LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

http_requests = Histogram(
    "premium_http_request_seconds", "Time to answer a request", ["method", "route", "status"], buckets=LATENCY_SECONDS
)
rpc_requests = Histogram(
    "premium_rpc_request_seconds",
    "Time of one JSON-RPC round trip",
    ["chain_id", "provider", "outcome"],
    buckets=LATENCY_SECONDS,
)
rpc_circuit_open = Gauge(
    "premium_rpc_circuit_open",
    "1 while a provider's circuit is open",
    ["chain_id", "provider"],
    multiprocess_mode="livemax",
)
chain_head = Gauge("premium_chain_head_block", "Newest block processed", ["chain_id"], multiprocess_mode="livemax")
chain_lag_seconds = Gauge(
    "premium_chain_lag_seconds",
    "Age of the newest block when it was processed",
    ["chain_id"],
    multiprocess_mode="livemax",
)
chain_reorgs = Counter("premium_chain_reorgs_total", "Reorganisations handled", ["chain_id"])
chain_events = Counter("premium_chain_events_total", "Events emitted", ["chain_id", "kind"])
alert_events = Counter("premium_alert_events_total", "Events matched against rules", ["chain_id"])
alerts_stored = Counter("premium_alerts_stored_total", "Alerts written to history", ["type"])
alert_latency_seconds = Histogram(
    "premium_alert_latency_seconds", "From event emitted to alert stored", buckets=LATENCY_SECONDS
)
alert_entries_parked = Counter("premium_alert_entries_parked_total", "Stream entries put aside as unreadable")
alert_rules_loaded = Gauge(
    "premium_alert_rules_loaded", "Active rules in this worker's index", multiprocess_mode="livemax"
)
deliveries = Counter("premium_deliveries_total", "Delivery attempts", ["channel", "outcome"])
outbox_pending = Gauge("premium_outbox_pending", "Messages waiting for delivery", multiprocess_mode="livemax")
mails_oldest_waiting = Gauge(
    "premium_mails_oldest_waiting_seconds", "Age of the oldest mail that has not left", multiprocess_mode="livemax"
)
live_clients = Gauge("premium_live_clients", "Open live alert connections", ["kind"], multiprocess_mode="livesum")
cache_lookups = Counter("premium_cache_lookups_total", "Lookups in caches of this process", ["cache", "outcome"])
jobs_finished = Counter("premium_jobs_total", "Tries of jobs", ["task", "outcome"])
jobs_oldest_waiting = Gauge(
    "premium_jobs_oldest_waiting_seconds", "Age of the longest-waiting job that is due", multiprocess_mode="livemax"
)
jobs_dead = Gauge("premium_jobs_dead", "Jobs that failed for good and wait for somebody", multiprocess_mode="livemax")
stripe_requests = Histogram(
    "premium_stripe_request_seconds", "Time of one call to Stripe", ["operation", "outcome"], buckets=LATENCY_SECONDS
)
stripe_circuit_open = Gauge(
    "premium_stripe_circuit_open", "1 while calls to Stripe are held back", multiprocess_mode="livemax"
)
stripe_webhooks = Counter("premium_stripe_webhooks_total", "Webhooks by what became of them", ["outcome"])
stripe_events_waiting = Gauge(
    "premium_stripe_events_waiting_seconds",
    "Age of the oldest webhook that is not handled",
    multiprocess_mode="livemax",
)
price_source_requests = Histogram(
    "premium_price_source_request_seconds",
    "Time of one request to a source of prices or rates",
    ["source", "outcome"],
    buckets=LATENCY_SECONDS,
)
price_source_circuit_open = Gauge(
    "premium_price_source_circuit_open",
    "1 while a source of prices or rates rests after failures",
    ["source"],
    multiprocess_mode="livemax",
)
price_source_demoted = Gauge(
    "premium_price_source_demoted",
    "1 while a source is asked only for what nobody else knows",
    ["source"],
    multiprocess_mode="livemax",
)
price_source_asked = Counter(
    "premium_price_source_asked_total", "Times the ladder asked a source, by what came of it", ["source", "outcome"]
)
erasures_overdue = Gauge(
    "premium_erasures_overdue", "Accounts that should have been erased hours ago", multiprocess_mode="livemax"
)
log_lines_lost = Counter("premium_log_lines_lost_total", "Log lines that could not be written")
