"""Wallets in a test's browser: announced by EIP-6963 (or put at window.ethereum), answered by keys in the test."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from eth_account.signers.local import LocalAccount
from playwright.async_api import BrowserContext

from tests.doubles.wallets import signed_by

# What a wallet's extension puts into each page; its answers come from the test through `walletAsks`.
_EXTENSION = """
(() => {
  const made = WALLETS.map(({ info, key }) => ({
    info,
    provider: {
      request: async ({ method, params }) => {
        const answer = JSON.parse(await window.walletAsks(key, method, JSON.stringify(params ?? [])));
        if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
        return answer.result;
      },
    },
  }));
  const announce = () => {
    for (const each of made) {
      if (!each.info) window.ethereum = each.provider;
      else window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze(each) }));
    }
  };
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""
_ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><circle cx='4' cy='4' r='4'/></svg>"
)


@dataclass
class BrowserWallet:
    """One wallet: how it answers. `refuses`: the person says no; `silent`: the person does nothing."""

    name: str
    account: LocalAccount
    chain_id: int = 1
    refuses: bool = False
    silent: bool = False
    old: bool = False
    icon: str = _ICON
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        """Return what a wallet returns for one request (EIP-1193)."""
        self.asked.append(method)
        match method:
            case "eth_requestAccounts":
                return {"result": [self.account.address.lower()]}
            case "eth_chainId":
                return {"result": hex(self.chain_id)}
            case "wallet_switchEthereumChain":
                self.chain_id = int(params[0]["chainId"], 16)
                return {"result": None}
            case "personal_sign" if self.refuses:
                return {"error": {"code": 4001, "message": "User rejected the request."}}
            case "personal_sign":
                message = bytes.fromhex(params[0][2:]).decode()
                assert params[1].lower() == self.account.address.lower()
                return {"result": signed_by(self.account, message)}
        return {"error": {"code": 4200, "message": "not supported"}}


async def install_wallets(context: BrowserContext, *wallets: BrowserWallet) -> None:
    """Put the wallets into every page of the context from now on."""
    by_key = {str(number): wallet for number, wallet in enumerate(wallets)}

    async def asks(key: str, method: str, params: str) -> str:
        wallet = by_key[key]
        while wallet.silent and method == "personal_sign":
            await asyncio.sleep(0.1)
        return json.dumps(wallet.answer(method, json.loads(params)))

    described = [
        {
            "key": key,
            "info": None
            if wallet.old
            else {
                "uuid": f"350670db-19fa-4704-a166-e52e178b59d{key}",
                "name": wallet.name,
                "icon": wallet.icon,
                "rdns": f"com.example.wallet{key}",
            },
        }
        for key, wallet in by_key.items()
    ]
    await context.expose_function("walletAsks", asks)
    await context.add_init_script(_EXTENSION.replace("WALLETS", json.dumps(described)))
