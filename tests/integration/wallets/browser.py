"""A browser that keeps its cookies and says where its requests come from."""

from http.cookies import SimpleCookie
from typing import Any

from eth_account.signers.local import LocalAccount

from tests.doubles.wallets import signed_by
from tests.integration.api.conftest import Api, Client, Reply


class Browser:
    """Sends requests as a page of the product does."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.cookies: dict[str, str] = {}

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    async def send(self, method: str, path: str, origin: str | None = None, **options: Any) -> Reply:
        headers = {"Cookie": self.cookie_header} if self.cookies else {}
        client = Client(self.api._session, self.api.url, **headers, Origin=origin or self.api.url)
        reply = await client.send(method, path, **options)
        for line in reply.headers.getall("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return reply

    async def get(self, path: str) -> Reply:
        return await self.send("GET", path)

    async def post(self, path: str, body: Any = None) -> Reply:
        return await self.send("POST", path, json={} if body is None else body)

    async def signed(self, account: LocalAccount, path: str = "/v1/auth/siwe/nonce", **asked: Any) -> dict[str, str]:
        """Return what is sent to prove the wallet."""
        body = {"address": account.address, "chainId": 1, **asked}
        message = (await self.post(path, body)).data["message"]
        return {"message": message, "signature": signed_by(account, message)}

    async def sign_in(self, account: LocalAccount, **more: Any) -> Reply:
        return await self.post("/v1/auth/siwe/verify", {**await self.signed(account), **more})

    async def add(self, account: LocalAccount) -> Reply:
        return await self.post("/v1/account/wallets", await self.signed(account, "/v1/account/wallets/nonce"))

    async def me(self) -> Reply:
        return await self.get("/v1/auth/me")
