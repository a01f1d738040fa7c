"""What this process is told at its start: a JSON file only its owner may read, since it holds secrets."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Price:
    """A price of a product: `id` and `lookup_key` stay the same at every start; `amount` in cents."""

    id: str
    lookup_key: str
    interval: str
    amount: int


@dataclass(frozen=True, slots=True)
class Product:
    """Something that is sold."""

    id: str
    name: str
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """Where to listen and keep the data, the keys, what is sold, and where events go (empty: nowhere)."""

    data_file: str
    secret_key: str
    port: int
    host: str = "127.0.0.1"
    base_url: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""
    products: tuple[Product, ...] = ()
    business: str = "Premium"

    @property
    def address(self) -> str:
        """The address that browsers reach this process at."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


def read_config(file: Path) -> Config:
    """Return what the file says. Raises OSError, ValueError, KeyError or TypeError when it is not such a file."""
    given: dict[str, Any] = json.loads(file.read_text())
    products = tuple(
        Product(each["id"], each["name"], tuple(Price(**price) for price in each["prices"]))
        for each in given.pop("products", [])
    )
    return Config(products=products, **given)


def write_config(file: Path, given: dict[str, Any]) -> None:
    """Write the file whole, readable by its owner only."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = file.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(given, opened)
    unfinished.replace(file)
