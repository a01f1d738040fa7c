"""The rule form: opens from the address, keeps the choices, saves through the alerts service."""

import dataclasses
from typing import Any
from uuid import UUID

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts_service
from backend.alerts.schemas import RuleCreate, RuleUpdate
from backend.api.resources import resources
from backend.chain import service as chain_service
from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import chain_name
from backend.core import formats
from backend.core.errors import InvalidInputError, PremiumError, TierLimitError
from backend.market import service as market_service
from components.i18n import t
from state.guard import signed_in, tell_limit
from state.rule_choices import COOLDOWNS, FIXED, KINDS
from state.rule_draft import RuleDraft, actions_of, conditions_of, default_name, draft_of_rule
from state.view_models import Option

RULES_ADDRESS = "/alerts/?tab=rules"
BLANKS = ("name", "price_usd", "change_pct", "value_usd", "amount", "wallets", "destination")
ERROR_FIELDS: tuple[str, ...] = (*BLANKS, "token", "chain", "actions", "cooldown", "form")
MAX_TEXT = 20_000


class RuleFormState(rx.State):
    """One rule being written."""

    is_open: bool = False
    saving: bool = False
    form_key: str = ""
    rule_id: str = ""
    name: str = ""
    kind: str = "price"
    token: str = ""
    chain: str = ""
    comparison: str = "above"
    price_usd: str = ""
    change_pct: str = ""
    window: str = "3600"
    who: str = "anyone"
    direction: str = "either"
    measure: str = "usd"
    value_usd: str = ""
    amount: str = ""
    wallets: str = ""
    in_app: bool = True
    webhook: bool = False
    destination: str = ""
    frequency: str = "recurring"
    cooldown: str = "300"
    cooldowns: list[Option] = []
    chains: list[Option] = []
    chains_or_any: list[Option] = []
    priced_tokens: list[Option] = []
    all_tokens: list[Option] = []
    price_now: str = ""
    price_source: str = ""
    price_at: str = ""
    errors: dict[str, str] = dict.fromkeys(ERROR_FIELDS, "")
    limit_message: str = ""
    upgrade_to: str = ""
    _version: int = 0

    @rx.var
    def token_symbol(self) -> str:
        """The chosen token's symbol."""
        return next((option.text for option in self.all_tokens if option.value == self.token), "")

    @signed_in
    async def choose(self, user: CurrentUser, field: str, value: str) -> Any:
        """Take a choice of the sentence; anything that is not one of the choices is refused."""
        if not self._is_choice(field, value):
            raise InvalidInputError(t("form.invalid"))
        setattr(self, field, value)
        self.errors = dict.fromkeys(ERROR_FIELDS, "")
        if field in ("kind", "chain"):
            await self._read_tokens()
        if field in ("kind", "chain", "token"):
            await self._read_price()

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Leave the form without saving."""
        self.is_open = False
        return rx.redirect(RULES_ADDRESS)

    @signed_in
    async def save(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Create or update the rule; what cannot be accepted is said beside its field, and nothing typed is lost."""
        typed = {name: str(form_data.get(name) or "")[:MAX_TEXT] for name in BLANKS if name in form_data}
        told = {name: _is_ticked(form_data.get(name)) for name in ("in_app", "webhook")}
        draft = dataclasses.replace(self._draft(), **typed, **told)
        self.limit_message = self.upgrade_to = ""
        try:
            await self._store(user, draft)
        except TierLimitError as error:
            self.errors = dict.fromkeys(ERROR_FIELDS, "")
            return tell_limit(self, error)
        except PremiumError as error:
            self.errors = _by_field(error)
            return None
        was_edit = bool(self.rule_id)
        self.is_open = False
        return [rx.redirect(RULES_ADDRESS), rx.toast.success(t("form.saved") if was_edit else t("form.created"))]

    async def _store(self, user: CurrentUser, draft: RuleDraft) -> None:
        values = {
            "name": draft.name.strip() or default_name(draft, self.token_symbol),
            "conditions": conditions_of(draft),
            "actions": actions_of(draft),
            "frequency": draft.frequency,
            "cooldown_seconds": int(draft.cooldown) if draft.frequency == "recurring" else 0,
        }
        async with resources().database.unit_of_work(user.id) as session:
            if self.rule_id:
                update = RuleUpdate.model_validate({**values, "version": self._version})
                await alerts_service.update_rule(session, user, UUID(self.rule_id), update)
            else:
                await alerts_service.create_rule(
                    session, user, RuleCreate.model_validate({**values, "type": draft.kind})
                )

    async def _open_for(self, user: CurrentUser, query: dict[str, str]) -> None:
        """Open as the address says (`new=price`, `edit=id`, `copy=id`), or be closed."""
        stored_id = query.get("edit") or query.get("copy")
        if not stored_id and query.get("new") not in KINDS:
            self.is_open = False
            return
        await self._read_chains()
        draft, version = RuleDraft(kind=query.get("new", "price"), chain=self.chains[0].value if self.chains else ""), 0
        if draft.kind == "whale":
            draft = dataclasses.replace(draft, chain="", cooldown="0")
        if stored_id:
            async with resources().database.unit_of_work(user.id) as session:
                rule = await alerts_service.get_rule(session, user, UUID(stored_id))
            draft, version = draft_of_rule(rule), rule.version
        for field in dataclasses.fields(RuleDraft):
            setattr(self, field.name, getattr(draft, field.name))
        self.rule_id, self._version = (stored_id or "", version) if query.get("edit") else ("", 0)
        self.form_key = f"{stored_id or ''}{version}{query.get('new', '')}"
        self.errors = dict.fromkeys(ERROR_FIELDS, "")
        self.limit_message = self.upgrade_to = ""
        self.cooldowns = _with_current(COOLDOWNS, self.cooldown)
        await self._read_tokens()
        await self._read_price()
        self.is_open = True

    async def _read_chains(self) -> None:
        self.chains = [Option(str(chain_id), chain_name(chain_id)) for chain_id in resources().settings.chain_urls]
        self.chains_or_any = [Option("", t("form.any_chain")), *self.chains]

    async def _read_tokens(self) -> None:
        """Read the tokens of the chosen chain; a price rule starts with the first one that has a price."""
        chain_ids = [int(self.chain)] if self.chain else list(resources().settings.chain_urls)
        async with resources().database.unit_of_work() as session:
            tokens = await chain_service.known_tokens(session, chain_ids)
        named = {token.address: Option(token.address, formats.untrusted_text(token.symbol)) for token in tokens}
        self.priced_tokens = [named[token.address] for token in tokens if token.is_priced]
        self.all_tokens = [Option("", t("form.any_token")), *named.values()]
        offered = self.priced_tokens if self.kind == "price" else self.all_tokens
        if self.token not in {option.value for option in offered}:
            self.token = offered[0].value if offered else ""

    async def _read_price(self) -> None:
        self.price_now = self.price_source = self.price_at = ""
        if not (self.token and self.chain):
            return
        async with resources().timeseries.unit_of_work() as session:
            prices = await market_service.latest_prices(session, int(self.chain))
        # The chain's own currency is priced by its wrapped form, which the market lists under the symbol with a W.
        wrapped = f"W{self.token_symbol}" if self.token == NATIVE_TOKEN else ""
        for price in prices:
            if price.token == self.token or (wrapped and price.symbol == wrapped):
                self.price_now, self.price_source = formats.usd(price.price_usd), price.source
                self.price_at = formats.iso(price.taken_at)
                return

    def _is_choice(self, field: str, value: str) -> bool:
        if field in FIXED:
            return value in FIXED[field]
        offered = {
            "token": self.priced_tokens if self.kind == "price" else self.all_tokens,
            "chain": self.chains if self.kind == "price" else self.chains_or_any,
            "cooldown": self.cooldowns,
        }
        return value in {option.value for option in offered.get(field, [])}

    def _draft(self) -> RuleDraft:
        return RuleDraft(**{field.name: getattr(self, field.name) for field in dataclasses.fields(RuleDraft)})


def _is_ticked(value: Any) -> bool:
    """Return whether a checkbox of the form was ticked; an unticked one is absent."""
    return value is True or value in ("on", "true")


def _with_current(choices: list[tuple[str, str]], current: str) -> list[Option]:
    """Return the choices, with the rule's own value added when it is none of them."""
    options = [Option(*choice) for choice in choices]
    if current not in {option.value for option in options}:
        options.append(Option(current, t("cooldown.every", time=formats.duration(int(current)))))
    return options


def _by_field(error: PremiumError) -> dict[str, str]:
    """Return the error's messages by field of the form; what fits none stands at its foot."""
    messages = dict.fromkeys(ERROR_FIELDS, "")
    aliases = {"cooldownSeconds": "cooldown", "cooldown_seconds": "cooldown", "wallet": "wallets"}
    for field, message in error.details.items():
        known = aliases.get(field, field)
        messages[known if known in messages else "form"] = str(message)
    if not any(messages.values()):
        messages["form"] = error.message
    return messages
