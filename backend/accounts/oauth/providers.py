"""The providers by name: which are configured, and what each needs to send a browser there."""

from dataclasses import dataclass

from backend.accounts.linked.schemas import Provider
from backend.accounts.oauth.errors import OAuthFailedError
from backend.core.settings import Settings


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """A configured provider; `secret` goes to the provider's token endpoint only."""

    provider: Provider
    client_id: str
    secret: str
    redirect_uri: str


def configured_providers(settings: Settings) -> list[Provider]:
    """Return the providers to offer: those whose id and secret are set."""
    offered: list[Provider] = []
    if settings.google_client_id and settings.google_client_secret.get_secret_value():
        offered.append("google")
    if settings.github_client_id and settings.github_client_secret.get_secret_value():
        offered.append("github")
    return offered


def provider_config(settings: Settings, provider: str) -> ProviderConfig:
    """Return the configuration of a provider. Raises OAuthFailedError (`not_offered`) when there is none."""
    back = f"{settings.app_url}/v1/auth/oauth/{provider}/callback"
    offered = configured_providers(settings)
    if provider == "google" and "google" in offered:
        secret = settings.google_client_secret.get_secret_value()
        return ProviderConfig("google", settings.google_client_id, secret, back)
    if provider == "github" and "github" in offered:
        secret = settings.github_client_secret.get_secret_value()
        return ProviderConfig("github", settings.github_client_id, secret, back)
    raise OAuthFailedError("not_offered", "this provider is not offered here")
