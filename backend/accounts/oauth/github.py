"""OAuth 2.0 as GitHub speaks it: authorization code with PKCE, then its API for who it was."""

from backend.accounts.linked.schemas import ProvenIdentity
from backend.accounts.oauth.errors import OAuthFailedError, ProviderDownError
from backend.accounts.oauth.http import calling, oauth_client, read_json
from backend.accounts.oauth.providers import ProviderConfig
from backend.accounts.oauth.trips import Trip

_SCOPE = "read:user user:email"
_API_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


async def authorization_url(config: ProviderConfig, github_url: str, trip: Trip, state: str) -> str:
    """Return where to send the browser."""
    async with oauth_client(config, _SCOPE) as client:
        url, _ = client.create_authorization_url(
            f"{github_url}/login/oauth/authorize", state=state, code_verifier=trip.verifier
        )
    return url


async def identity_of_code(
    config: ProviderConfig, github_url: str, api_url: str, trip: Trip, code: str
) -> ProvenIdentity:
    """Return whose code this is, with the primary e-mail address if GitHub verified it.

    Raises OAuthFailedError when anything does not fit, ProviderDownError.
    """
    async with calling(config, _SCOPE) as client:
        token = await client.fetch_token(
            f"{github_url}/login/oauth/access_token", code=code, code_verifier=trip.verifier
        )
        if not isinstance(token.get("access_token"), str):
            raise OAuthFailedError("failed", "the provider sent no access token")
        user = await read_json(client, f"{api_url}/user", headers=_API_HEADERS)
        emails = await read_json(client, f"{api_url}/user/emails", headers=_API_HEADERS)
    number = user.get("id") if isinstance(user, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(emails, list):
        raise ProviderDownError("its answer is not what it documents")
    for entry in emails:
        if isinstance(entry, dict) and entry.get("primary") is True and entry.get("verified") is True:
            address = entry.get("email")
            if isinstance(address, str) and "@" in address and len(address) <= 254:
                return ProvenIdentity("github", str(number), address.strip().lower())
    raise OAuthFailedError("email_unverified", "the provider has not verified the primary e-mail address")
