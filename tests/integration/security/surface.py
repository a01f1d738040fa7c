"""The API as its own description has it: every operation, whose things it names, and a body that fits."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.api.app import create_app
from backend.core.db import Database
from backend.privacy.register import HELD
from tests.integration.privacy.catalogue import Person

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# Whose id a path names: the table that a made-up person has a row in. A new parameter must be added here, or be FREE.
OWNED = {
    "/v1/account/sessions/{session_id}": "user_sessions",
    "/v1/account/wallets/{wallet_id}": "user_wallets",
    "/v1/account/identities/{identity_id}": "user_identities",
    "/v1/account/exports/{export_id}/download": "data_exports",
    "/v1/api-keys/{key_id}": "api_keys",
    "/v1/api-keys/{key_id}/rotate": "api_keys",
    "/v1/alerts/rules/{rule_id}": "alert_rules",
    "/v1/alerts/rules/{rule_id}/pause": "alert_rules",
    "/v1/alerts/rules/{rule_id}/resume": "alert_rules",
    "/v1/alerts/recommendations/{recommendation_id}/accept": "recommendation_answers",
    "/v1/alerts/recommendations/{recommendation_id}/dismiss": "recommendation_answers",
    "/v1/alerts/automation/{rule_id}": "alert_rules",
    "/v1/alerts/automation/runs/{run_id}": "automation_runs",
    "/v1/alerts/rules/{rule_id}/snooze": "alert_rules",
    "/v1/alerts/deliveries/{delivery_id}/resend": "notification_outbox",
    "/v1/notifications/deliveries/{delivery_id}": "notification_outbox",
    "/v1/notifications/deliveries/{delivery_id}/resend": "notification_outbox",
    "/v1/portfolio/wallets/{portfolio_wallet_id}": "portfolio_wallets",
    "/v1/portfolio/activity/{event_id}": "ledger_events",
    "/v1/portfolio/scheduled-exports/{schedule_id}": "scheduled_exports",
    "/v1/portfolio/scheduled-exports/{schedule_id}/test": "scheduled_exports",
    "/v1/portfolio/target-allocation/{target_id}": "target_allocations",
    "/v1/portfolio/target-allocation/{target_id}/suggestions/{suggestion_id}": "target_allocations",
    "/v1/portfolio/liquidity-positions/{liquidity_id}": "portfolio_liquidity_positions",
    "/v1/tax/imports/{import_id}": "tax_imports",
    "/v1/tax/imports/{import_id}/commit": "tax_imports",
    "/v1/tax/imports/{import_id}/stop": "tax_imports",
    "/v1/tax/issues/{issue_id}/accept": "tax_issues",
    "/v1/tax/issues/{issue_id}/worth": "tax_issues",
    "/v1/tax/issues/{issue_id}/dismiss": "tax_issues",
    "/v1/tax/issues/{issue_id}/restore": "tax_issues",
    "/v1/tax/decisions/{decision_id}/undo": "tax_decisions",
    "/v1/tax/rules/{rule_id}": "tax_rules",
    "/v1/tax/transactions/{transaction_id}": "tax_transactions",
    "/v1/tax/transactions/{transaction_id}/edit": "tax_transactions",
    "/v1/tax/reports/{report_id}": "tax_reports",
    "/v1/tax/reports/{report_id}/cancel": "tax_reports",
    "/v1/tax/reports/{report_id}/regenerate": "tax_reports",
    "/v1/tax/reports/{report_id}/files/{name}": "tax_reports",
    "/v1/notifications/channels/{channel_id}": "notification_channels",
    "/v1/notifications/channels/{channel_id}/test": "notification_channels",
}
# Paths with a parameter that names nobody's thing, or a thing of Stripe's that payments' own tests try to steal.
FREE = {
    "/v1/portfolio/assets/{chain_id}/{token}": "31337/native",
    "/v1/portfolio/positions/{position_id}": "018f0000-0000-7000-8000-000000000001",
    "/v1/alerts/templates/{template_id}": "price-target",
    "/v1/auth/oauth/{provider}/start": "github",
    "/v1/auth/oauth/{provider}/callback": "github",
    "/v1/account/identities/{provider}/link": "github",
    "/v1/notifications/pictures/{token}.png": "of-somebody-else",
    "/v1/portfolio/scheduled-exports/files/{token}": "of-somebody-else",
    "/v1/tax/summary/{year}": "2024",
    "/v1/tax/filers/{jurisdiction}": "US",
    "/v1/tax/forms/{form}/{year}": "f8949/2024",
    "/v1/tax/forms/{form}/{year}/download": "f8949/2024",
    "/v1/subscriptions/checkouts/{session_id}": "cs_test_of_somebody_else",
}


@dataclass(frozen=True)
class Operation:
    """A method and path of the description."""

    method: str
    path: str
    described: dict[str, Any]
    schemas: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def signed_in(self) -> bool:
        """Whether somebody must be signed in."""
        return bool(self.described.get("security"))

    @property
    def body_schema(self) -> dict[str, Any] | None:
        """The schema of its JSON body."""
        content = self.described.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema")

    @property
    def id_queries(self) -> list[str]:
        """Query parameters that take the id of something."""
        named = [each["name"] for each in self.described.get("parameters", ()) if each["in"] == "query"]
        return [name for name in named if name.lower().endswith("id") and name != "chainId"]

    def example(self) -> Any:
        """Return a body that fits the schema, None when there is none."""
        return None if self.body_schema is None else example_of(self.body_schema, self.schemas)


def operations() -> list[Operation]:
    """Return every operation, so that a new route is attacked without being added anywhere."""
    spec = create_app().openapi()
    schemas = spec["components"]["schemas"]
    return [
        Operation(method.upper(), path, described, schemas)
        for path, methods in spec["paths"].items()
        for method, described in methods.items()
    ]


def example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Return a value that fits a JSON schema: its example, its default, its first choice, or something of its type."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    for known in ("const", "default"):
        if known in schema:
            return schema[known]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if schema.get(several):
            return example_of(schema[several][0], schemas)
    kind = schema.get("type", "object")
    if kind == "object":
        required = schema.get("required", ())
        return {
            name: example_of(each, schemas) for name, each in schema.get("properties", {}).items() if name in required
        }
    if kind == "array":
        return [example_of(schema["items"], schemas)] if schema.get("minItems") else []
    if kind == "string":
        formats = {"uuid": str(UUID(int=7)), "email": "new@example.com", "date-time": "2026-01-01T00:00:00Z"}
        return formats.get(schema.get("format", ""), "a" * max(12, schema.get("minLength", 0)))
    return {"integer": int(schema.get("minimum", 1)), "number": 1.0, "boolean": True, "null": None}[kind]


def path_with(operation: Operation, person: Person) -> str:
    """Return the path with the person's ids in it. Fails when nobody has said whose id the path takes."""
    path = operation.path
    if "{" not in path:
        return path
    assert path in OWNED or path in FREE, f"{path}: say in surface.py whose id this is"
    value = str(person.rows[OWNED[path]]["id"]) if path in OWNED else FREE[path]
    return path[: path.index("{")] + value + path[path.rindex("}") + 1 :]


async def rows_of(database: Database, user_id: UUID) -> dict[str, str]:
    """Return every row of a user, by table, as text that changes when any of them does."""
    found = {}
    async with database.unit_of_work() as session:
        for name, holding in HELD.items():
            table = name if "." in name else f'"{name}"'
            statement = f"select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)), '[]')::text from {table} t"
            statement += f" where {holding.owner} = :id"
            found[name] = (await session.execute(text(statement), {"id": user_id})).scalar_one()
    return found
