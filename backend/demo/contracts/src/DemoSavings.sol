// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// OpenZeppelin's ERC-4626 vault. It earns what is sent to it.
contract DemoSavings is ERC4626 {
    constructor(IERC20 asset_) ERC20("Demo Savings DAI", "dsDAI") ERC4626(asset_) {}
}
