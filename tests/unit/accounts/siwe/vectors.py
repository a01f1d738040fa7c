"""The published cases of Sign-In with Ethereum, each as what it changes of one message.

Source: the test vectors of EIP-4361's reference implementation, spruceid/siwe (Apache-2.0 or MIT): `test/
parsing_positive.json`, `parsing_negative.json`, `invalid_uris.json`, `valid_chars.json`, `invalid_chars.json`,
`verification_positive.json`, `verification_negative.json`, `eip1271.json`.

Two of its negative cases are left out since they are none: “domain not RFC4501 authority” (`not_rfc4501` is a name by
RFC 3986, which the EIP refers to) and “version not 1” (its version is 1).
"""

from typing import Any

ADDRESS = "0xe5A12547fe4E872D192E3eCecb76F2Ce1aeA4946"
BASE_LINES = (
    "service.org wants you to sign in with your Ethereum account:",
    ADDRESS,
    "",
    "I accept the ServiceOrg Terms of Service: https://service.org/tos",
    "",
    "URI: https://service.org/login",
    "Version: 1",
    "Chain ID: 1",
    "Nonce: 12341234",
    "Issued At: 2022-03-17T12:45:13.610Z",
    "Expiration Time: 2023-03-17T12:45:13.610Z",
    "Not Before: 2022-03-17T12:45:13.610Z",
    "Request ID: some_id",
    "Resources:",
    "- https://service.org/login",
)
BASE = "\n".join(BASE_LINES)
NOT_A_DATE = "Wed Oct 05 2011 16:48:00 GMT+0200 (CEST)"


def without(name: str) -> str:
    """The message with the value of a line taken away, and the line left empty."""
    return "\n".join("" if line.startswith(name) else line for line in BASE_LINES)


def changed(old: str, new: str) -> str:
    """The message with a piece replaced; the piece must be there."""
    assert old in BASE
    return BASE.replace(old, new, 1)


def swapped(first: int, second: int) -> str:
    """The message with two lines in each other's place."""
    lines = list(BASE_LINES)
    lines[first], lines[second] = lines[second], lines[first]
    return "\n".join(lines)


_SHORT_ADDRESS = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"


def short(
    domain: str = "service.org", statement: bool = True, uri: str = "https://service.org/login", **tail: Any
) -> str:
    """The message of the positive cases."""
    lines = [
        f"{domain} wants you to sign in with your Ethereum account:",
        _SHORT_ADDRESS,
        "",
        *(["I accept the ServiceOrg Terms of Service: https://service.org/tos"] if statement else []),
        "",
        f"URI: {uri}",
        "Version: 1",
        "Chain ID: 1",
        "Nonce: 32891757",
        f"Issued At: {tail.get('issued', '2021-09-30T16:25:24.000Z')}",
        *tail.get("more", ()),
    ]
    return "\n".join(lines)


_RESOURCES = (
    "ipfs://Qme7ss3ARVgxv6rXqVPiikMJ8u2NLgmgszg13pYrDKEoiu",
    "https://example.com/my-web2-claim.json",
)
PARSES: dict[str, tuple[str, dict[str, Any]]] = {
    "couple of optional fields": (
        short(more=("Resources:", *(f"- {each}" for each in _RESOURCES))),
        {"resources": _RESOURCES, "nonce": "32891757", "chain_id": 1, "address": _SHORT_ADDRESS},
    ),
    "no optional field": (short(), {"resources": None, "expiration_time": None, "request_id": None}),
    "timestamp without microseconds": (short(issued="2021-09-30T16:25:24Z"), {"issued_at": "2021-09-30T16:25:24Z"}),
    "domain with IP": (short("127.0.0.1"), {"domain": "127.0.0.1"}),
    "domain with userinfo": (short("test@127.0.0.1"), {"domain": "test@127.0.0.1"}),
    "domain with port": (short("127.0.0.1:8080"), {"domain": "127.0.0.1:8080"}),
    "domain with userinfo and port": (short("test@127.0.0.1:8080"), {"domain": "test@127.0.0.1:8080"}),
    "no statement": (short(statement=False), {"statement": None, "uri": "https://service.org/login"}),
}

DOES_NOT_PARSE = {
    "missing mandatory field": "\n".join(
        line
        for line in BASE_LINES
        if not line.startswith(("URI", "Chain ID", "Expiration", "Not", "Request", "Res", "- "))
    ),
    "extra line breaks": changed("\n\nI accept", "\n\n\nI accept"),
    "wrong version": changed("Version: 1", "Version: 2"),
    "missing domain": changed("service.org wants", " wants"),
    "missing address": changed(ADDRESS, ""),
    "missing uri": without("URI"),
    "missing version": without("Version"),
    "missing chainId": without("Chain ID"),
    "missing nonce": without("Nonce"),
    "missing issuedAt": without("Issued At"),
    "out of order uri": swapped(5, 6),
    "out of order version": swapped(6, 7),
    "out of order chainId": changed("Chain ID: 1\nNonce: 12341234\n", "Nonce: 12341234Chain ID: 1\n\n"),
    "out of order nonce": swapped(8, 9),
    "out of order issuedAt": swapped(9, 10),
    "out of order expirationTime": swapped(10, 11),
    "out of order notBefore": swapped(11, 12),
    "out of order requestId": "\n".join((*BASE_LINES[:12], *BASE_LINES[13:], BASE_LINES[12])),
    "out of order resources": "\n".join((*BASE_LINES[:11], *BASE_LINES[13:], *BASE_LINES[11:13])),
    "address not EIP-55": changed(ADDRESS, ADDRESS.lower()),
    "statement has line break": changed("Service: ", "Service: \n"),
    "uri is non-RFC 3986": changed("URI: https://service.org/login", "URI: _not_a_rfc3986_valid_uri_"),
    "not a valid chainId": changed("Chain ID: 1", "Chain ID: ?"),
    "nonce with less than 8 chars": changed("12341234", "1234567"),
    "non-ISO 8601 issuedAt": changed("At: 2022-03-17T12:45:13.610Z", f"At: {NOT_A_DATE}"),
    "non-ISO 8601 expirationTime": changed("Time: 2023-03-17T12:45:13.610Z", f"Time: {NOT_A_DATE}"),
    "non-ISO 8601 notBefore": changed("Before: 2022-03-17T12:45:13.610Z", f"Before: {NOT_A_DATE}"),
    "resources not separated by line break": BASE + " - https://service.org/login/2",
    "first resource is not RFC 3986": BASE + "\n- _not_a_rfc3986_valid_uri_",
    "second resource is not RFC 3986": changed(
        "- https://service.org/login", "- _not_a_rfc3986_valid_uri_\n- https://service.org/login"
    ),
    "invalid expiration time": changed("2023-03-17T12:45:13.610Z", "2020-02-32T00:00:00.000Z"),
}

INVALID_URIS = (
    "uri://[::0.0.0.256]/p/path",
    "uri://[::300.0.0.0]/p/path",
    "uri://[::0.ff.0.255]",
    "uri://[::0.0.256.0]",
    "uri://[ffff:abcd:0:10:200:3000:f8a:1:ffff]",
    "uri://[ffff:abcd:0:10:200:3000:f8a]",
    "uri://[ffff:abcd:0:10:200:3000:ff:255.255.255.255]",
    "uri://[::1:2:3:4:5:6:7:8]",
    "uri://[::1:2:3:4:5:6:198.162.10.255]",
    "uri://[1:2:3:4:5:6:7:8::]",
    "uri://[1:2:3:4:5:6::198.162.10.255]",
    "uri://[1:2:3:4:5::6:7:8]",
    "uri://[1:2:3:4:5::6:198.162.10.255]",
    "://user:pass@example.com:123/one/two.three?q1=a1&q2=a2#body",
    "uri://user:pass@example.com:123/one/two.three ?q1=a1&q2=a2#body",
    "uri://user:pass@example.com:123/one/two.three?q1=a1&q2=a2 #body",
)

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_ENCODED = "%00%ff%FF%0a%0A%20"
VALID_CHARS = {
    "scheme": _LETTERS + "+-.",
    "statement": ":/?#[]@!$&'()*+,;= " + _LETTERS + "-._~",
    "pct-encoded": "%20",
    "userinfo": _LETTERS + "-._~!$&'()*+,;=:" + _ENCODED,
    "IPvFuture": "v123." + _LETTERS + "-._~!$&'()*+,;=:",
    "reg-name": _LETTERS + "-._~!$&'()*+,;=" + _ENCODED,
    "segment-nz": _LETTERS + "-._~!$&'()*+,;=:@" + _ENCODED,
    "fragment": _LETTERS + "-._~!$&'()*+,;=:@" + _ENCODED + "/?",
}
INVALID_CHARS = {
    "scheme": (" " + _LETTERS + "+-.", *":#?@!~"),
    "statement": tuple("`<>{|}"),
    "userinfo": tuple("/#?@[]"),
    "IPvFuture": tuple("/#?@[]"),
    "reg-name": tuple("/#?@[]"),
    "segment-nz": tuple("^`|%?#["),
    "fragment": tuple("#["),
}

_EXAMPLE = {
    "domain": "login.xyz",
    "statement": "Sign-In With Ethereum Example Statement",
    "uri": "https://login.xyz",
    "chain_id": 1,
}
EXAMPLE_MESSAGE = {
    **_EXAMPLE,
    "address": "0x9D85ca56217D2bb651b00f15e694EB7E713637D4",
    "nonce": "bTyXgcQxn2htgkjJn",
    "issued_at": "2022-01-27T17:09:38.578Z",
    "expiration_time": "2100-01-07T14:31:43.952Z",
}
EXAMPLE_SIGNATURE = (
    "0xdc35c7f8ba2720df052e0092556456127f00f7707eaa8e3bbff7e56774e7f2e0"
    "5a093cfc9e02964c33d86e8e066e221b7d153d27e5a2e97ccd5ca7d3f2ce06cb1b"
)
NOT_YET_VALID = {
    **_EXAMPLE,
    "address": "0xE6D3Aa1F561A215E5eb1f02Ba8705385F03fCaFB",
    "nonce": "lx2nx4so",
    "issued_at": "2022-01-05T14:27:30.883Z",
    "not_before": "2100-01-07T14:31:43.952Z",
}
EXPIRED = {
    **_EXAMPLE,
    "address": "0x2ecA0068307e706741445764A3D6A4402aC2A5a9",
    "nonce": "lx2nx4so",
    "issued_at": "2022-01-05T14:27:30.883Z",
    "expiration_time": "2021-01-05T00:00:00Z",
}
SIGNED: dict[str, tuple[dict[str, Any], str]] = {
    "example message": (EXAMPLE_MESSAGE, EXAMPLE_SIGNATURE),
    "not yet valid": (
        NOT_YET_VALID,
        "0xc2539ace78f13c7eb8c0852d38d269a6f97bebd9f7872097d2e3137b541f8bf5"
        "0176062a46eeea83086bd2721423fb5755a932ff6ccc046ed482d14e4576042f1c",
    ),
    "expired message": (
        EXPIRED,
        "0x7337bc2826c7678cd6bc84f5b3b236efc969b0451f9feca2328b1d3401b030c1"
        "13f19bdba359ba3f52762c66e9147311fa95fe598a1a4ec9bb383a7b4e3874241b",
    ),
    "recovery byte starting at 0": (
        {
            "domain": "www.tally.xyz",
            "address": "0xc95EB884FE852e241D409234bfC7045CB9E31BD7",
            "statement": "Sign in with Ethereum to Tally",
            "uri": "https://tally.xyz",
            "chain_id": 1,
            "nonce": "15050747",
            "issued_at": "2022-06-30T14:08:51.382Z",
        },
        "0x8c46b6eb8505939892d8e9b075f89f8277321b17b993151f37810cdda38cce6f"
        "4a85909d2b53e6a14629c74c0ac38bf4becde78ee5b2529812bf6cceaf7b2a2501",
    ),
}
_WRONGLY_SIGNED = {
    **_EXAMPLE,
    "address": "0x6Da01670d8fc844e736095918bbE11fE8D564163",
    "nonce": "rmplqh1gf",
    "issued_at": "2022-01-05T14:31:43.954Z",
    "expiration_time": "2100-01-07T14:31:43.952Z",
}
WRONGLY_SIGNED: dict[str, tuple[dict[str, Any], str]] = {
    "malformed signature": (
        _WRONGLY_SIGNED,
        "0xf2e8420fc1b722bf4941f5a0464f98172a758ceda5039f622e425fb69fd19b20"
        "e444bba7c9a8a8d7e2b5e453553efe7c9460be5d211abe473fc146d51bb04d0cb1b",
    ),
    "wrong signature": (
        _WRONGLY_SIGNED,
        "0x31df81dc02344c9156e6f71da46e2db624b38f8f806290d670d46492b834b2e7"
        "575cbce9f48169356cfb577b910d8e30732fcf23c1ac0021d08b945ed7ee118e1b",
    ),
}
# A message of a contract wallet (Argent): not its key signs, the contract says yes or no (ERC-1271).
CONTRACT_WALLET = (
    "localhost:4361 wants you to sign in with your Ethereum account:\n0xa5b3A53800cD49669F34DE80f2C569c6D4Ca3009\n\n"
    "SIWE Notepad Example\n\nURI: http://localhost:4361\nVersion: 1\nChain ID: 1\nNonce: FbYd6TNB4m0IUHDG7\n"
    "Issued At: 2022-04-19T18:55:04.444Z"
)
CONTRACT_WALLET_SIGNATURE = (
    "0x00193f8bb87a8bd4a8367a47ee477c62aec984830ec59e730b28d1ec54669eab"
    "450b9f3108a5c435648691c5766b35e2f13b8fb29f46298bb378ac34597d7e271c"
)
