// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A wallet with several keys, any of which may act: the owner and admin of the demo market's contracts.
contract DemoKeyring {
    mapping(address => bool) public isKey;

    constructor(address[] memory keys) {
        for (uint256 i = 0; i < keys.length; i++) {
            isKey[keys[i]] = true;
        }
    }

    function act(address target, bytes calldata data) external returns (bytes memory) {
        require(isKey[msg.sender], "DemoKeyring: not a key");
        (bool ok, bytes memory answer) = target.call(data);
        require(ok, "DemoKeyring: the call failed");
        return answer;
    }
}
