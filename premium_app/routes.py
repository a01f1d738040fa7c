"""The table of pages: address, title, what builds it, what runs when it opens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from backend.core.settings import get_settings
from components.i18n import t
from premium_app.pages.alert_rule import alert_rule_page
from premium_app.pages.alerts import alerts_page
from premium_app.pages.alerts_analytics import alerts_analytics_page
from premium_app.pages.alerts_history import alerts_history_page
from premium_app.pages.checkout_return import checkout_return_page
from premium_app.pages.dev_mail import dev_mail_page
from premium_app.pages.forgot_password import forgot_password_page, reset_password_page
from premium_app.pages.not_found import not_found_page
from premium_app.pages.overview import overview_page
from premium_app.pages.portfolio import portfolio_page
from premium_app.pages.portfolio_activity import portfolio_activity_page
from premium_app.pages.portfolio_asset import portfolio_asset_page
from premium_app.pages.portfolio_exports import portfolio_exports_page
from premium_app.pages.portfolio_hidden import portfolio_hidden_page
from premium_app.pages.portfolio_leaderboard import portfolio_leaderboard_page
from premium_app.pages.portfolio_nfts import portfolio_nfts_page
from premium_app.pages.portfolio_performance import portfolio_performance_page
from premium_app.pages.portfolio_position import portfolio_position_page
from premium_app.pages.portfolio_positions import portfolio_positions_page
from premium_app.pages.portfolio_rebalancing import portfolio_rebalancing_page
from premium_app.pages.portfolio_risk import portfolio_risk_page
from premium_app.pages.portfolio_wallets import portfolio_wallets_page
from premium_app.pages.pricing import pricing_page
from premium_app.pages.rule_builder import rule_builder_page
from premium_app.pages.settings_account import settings_account_page
from premium_app.pages.settings_api_keys import settings_api_keys_page
from premium_app.pages.settings_billing import settings_billing_page
from premium_app.pages.settings_channels import settings_channels_page
from premium_app.pages.settings_notifications import settings_notifications_page
from premium_app.pages.settings_privacy import settings_privacy_page
from premium_app.pages.settings_security import settings_security_page
from premium_app.pages.sign_in import sign_in_page
from premium_app.pages.sign_up import sign_up_page
from premium_app.pages.tax_home import tax_home_page
from premium_app.pages.tax_import import tax_import_page
from premium_app.pages.tax_optimisation import tax_optimisation_page
from premium_app.pages.tax_report import tax_report_page
from premium_app.pages.tax_reports import tax_reports_page
from premium_app.pages.tax_review import tax_review_page
from premium_app.pages.tax_settings import tax_settings_page
from premium_app.pages.tax_transactions import tax_transactions_page
from premium_app.pages.verify_email import verify_email_page
from state.account_state import AccountState
from state.alert_analytics_state import AlertAnalyticsState
from state.alert_history_state import AlertHistoryState
from state.alert_rule_state import AlertRuleState
from state.alerts_state import AlertsState
from state.api_keys_state import ApiKeysState
from state.billing_state import BillingState
from state.channels_state import ChannelsState
from state.checkout_return_state import CheckoutReturnState
from state.deliveries_state import DeliveriesState
from state.dev_mail_state import DevMailState
from state.entrance_state import EntranceState
from state.linked_accounts_state import LinkedAccountsState
from state.live_state import LiveState
from state.notifications_state import NotificationsState
from state.overview_state import OverviewState
from state.portfolio_activity_state import PortfolioActivityState
from state.portfolio_asset_state import PortfolioAssetState
from state.portfolio_exports_state import PortfolioExportsState
from state.portfolio_hidden_state import PortfolioHiddenState
from state.portfolio_leaderboard_state import PortfolioLeaderboardState
from state.portfolio_live_state import PortfolioLiveState
from state.portfolio_nfts_state import PortfolioNftsState
from state.portfolio_performance_state import PortfolioPerformanceState
from state.portfolio_position_state import PortfolioPositionState
from state.portfolio_positions_state import PortfolioPositionsState
from state.portfolio_risk_state import PortfolioRiskState
from state.portfolio_state import PortfolioState
from state.portfolio_wallets_state import PortfolioWalletsState
from state.pricing_state import PricingState
from state.privacy_state import PrivacyState
from state.rebalancing_state import RebalancingState
from state.rule_builder_state import RuleBuilderState
from state.sessions_state import SessionsState
from state.shell_state import ShellState
from state.sign_in_state import SignInState
from state.sign_in_ways_state import SignInWaysState
from state.tax_filer_state import TaxFilerState
from state.tax_home_state import TaxHomeState
from state.tax_import_state import TaxImportState
from state.tax_optimisation_state import TaxOptimisationState
from state.tax_report_state import TaxReportState
from state.tax_reports_state import TaxReportsState
from state.tax_review_state import TaxReviewState
from state.tax_settings_state import TaxSettingsState
from state.tax_transaction_state import TaxTransactionState
from state.tax_transactions_state import TaxTransactionsState
from state.tax_write_state import TaxWriteState
from state.two_factor_state import TwoFactorState
from state.wallets_state import WalletsState
from state.webhook_state import WebhookState


@dataclass(frozen=True)
class PageSpec:
    """One page of the product; `on_load` events are independent, each guards itself."""

    route: str
    title_key: str
    build: Callable[[], rx.Component]
    on_load: Sequence[Any] = field(default=())


# Only where mails stay on this machine for everybody to read: elsewhere the page does not exist.
LOCAL_PAGES = (
    (PageSpec("/dev/mail", "dev_mail.title", dev_mail_page, (DevMailState.load,)),)
    if get_settings().environment == "demo"
    else ()
)
PAGES = (
    PageSpec("/", "nav.overview", overview_page, (OverviewState.load, LiveState.follow)),
    PageSpec(
        "/portfolio",
        "nav.portfolio",
        portfolio_page,
        (PortfolioState.load, PortfolioLiveState.follow, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/performance",
        "performance.title",
        portfolio_performance_page,
        (PortfolioPerformanceState.load, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/positions",
        "positions.title",
        portfolio_positions_page,
        (PortfolioPositionsState.load, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/position",
        "positions.one",
        portfolio_position_page,
        (PortfolioPositionState.load, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/leaderboard",
        "leaderboard.title",
        portfolio_leaderboard_page,
        (PortfolioLeaderboardState.load, LiveState.follow),
    ),
    PageSpec("/portfolio/risk", "risk.title", portfolio_risk_page, (PortfolioRiskState.load, LiveState.follow)),
    PageSpec(
        "/portfolio/activity",
        "ledger.title",
        portfolio_activity_page,
        (PortfolioActivityState.load, PortfolioLiveState.follow, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/rebalancing",
        "rebalancing.title",
        portfolio_rebalancing_page,
        (RebalancingState.load, PortfolioLiveState.follow, LiveState.follow),
    ),
    PageSpec(
        "/tax/optimisation",
        "optimisation.title",
        tax_optimisation_page,
        (TaxOptimisationState.load, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/exports",
        "exports.title",
        portfolio_exports_page,
        (PortfolioExportsState.load, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/asset",
        "asset.title",
        portfolio_asset_page,
        (PortfolioAssetState.load, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/wallets",
        "portfolio.wallets",
        portfolio_wallets_page,
        (PortfolioWalletsState.load, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/nfts",
        "nfts.title",
        portfolio_nfts_page,
        (PortfolioNftsState.load, LiveState.follow),
    ),
    PageSpec(
        "/portfolio/hidden",
        "portfolio.hidden_title",
        portfolio_hidden_page,
        (PortfolioHiddenState.load, LiveState.follow),
    ),
    PageSpec("/alerts", "nav.alerts", alerts_page, (AlertsState.load, LiveState.follow)),
    PageSpec("/alerts/history", "history.title", alerts_history_page, (AlertHistoryState.load, LiveState.follow)),
    PageSpec(
        "/alerts/analytics", "analytics.title", alerts_analytics_page, (AlertAnalyticsState.load, LiveState.follow)
    ),
    PageSpec("/alerts/new", "builder.title", rule_builder_page, (RuleBuilderState.load, LiveState.follow)),
    PageSpec("/alerts/rules/[alert_rule]", "nav.alerts", alert_rule_page, (AlertRuleState.load, LiveState.follow)),
    PageSpec("/tax", "nav.tax", tax_home_page, (TaxHomeState.load, LiveState.follow)),
    PageSpec(
        "/tax/settings",
        "tax_settings.title",
        tax_settings_page,
        (TaxSettingsState.load, TaxFilerState.load, LiveState.follow),
    ),
    PageSpec("/tax/reports", "tax_reports.title", tax_reports_page, (TaxReportsState.load, LiveState.follow)),
    PageSpec("/tax/report", "tax_reports.one", tax_report_page, (TaxReportState.load, LiveState.follow)),
    PageSpec("/tax/import", "tax_import.title", tax_import_page, (TaxImportState.load, LiveState.follow)),
    PageSpec(
        "/tax/review",
        "tax_review.title",
        tax_review_page,
        (TaxReviewState.load, TaxReviewState.follow, LiveState.follow),
    ),
    PageSpec(
        "/tax/transactions",
        "tax_transactions.title",
        tax_transactions_page,
        (TaxTransactionsState.load, TaxTransactionState.load, TaxWriteState.load, LiveState.follow),
    ),
    PageSpec("/sign-in", "sign_in.title", sign_in_page, (SignInState.load, SignInWaysState.load)),
    PageSpec("/sign-up", "sign_up.title", sign_up_page, (EntranceState.load, SignInWaysState.load)),
    PageSpec("/forgot-password", "forgot.title", forgot_password_page, (EntranceState.load,)),
    PageSpec("/reset-password", "reset.title", reset_password_page),
    PageSpec("/verify-email", "verify.title", verify_email_page),
    PageSpec("/settings/account", "settings.tab_account", settings_account_page, (AccountState.load,)),
    PageSpec(
        "/settings/security",
        "settings.tab_security",
        settings_security_page,
        (WalletsState.load, LinkedAccountsState.load, SessionsState.load, TwoFactorState.load),
    ),
    PageSpec("/pricing", "pricing.title", pricing_page, (PricingState.load,)),
    PageSpec("/checkout/return", "checkout.title", checkout_return_page, (CheckoutReturnState.load,)),
    PageSpec("/settings/billing", "settings.tab_billing", settings_billing_page, (BillingState.load,)),
    PageSpec(
        "/settings/notifications",
        "settings.tab_notifications",
        settings_notifications_page,
        (NotificationsState.load,),
    ),
    PageSpec(
        "/settings/channels",
        "settings.tab_channels",
        settings_channels_page,
        (ChannelsState.load, WebhookState.load, DeliveriesState.load),
    ),
    PageSpec("/settings/api-keys", "settings.tab_api_keys", settings_api_keys_page, (ApiKeysState.load,)),
    PageSpec("/settings/privacy", "settings.tab_privacy", settings_privacy_page, (PrivacyState.load,)),
    *LOCAL_PAGES,
    PageSpec("/404", "not_found.title", not_found_page),
)


def add_pages(app: rx.App) -> None:
    """Register every page of the table with the app."""
    for page in PAGES:
        app.add_page(
            page.build,
            route=page.route,
            title=f"{t(page.title_key)} · {t('brand')}",
            description=t("brand.description"),
            image="/mark.svg",
            on_load=[*page.on_load, ShellState.read_notices],
        )
