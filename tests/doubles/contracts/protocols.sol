// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

// Protocols as accounts are read from them: OpenZeppelin's vault as it is, Lido's accounting, and the views of Compound III
// with figures that a test sets. Compiled as wallets.sol is: see compile.mjs.

import {ERC20, ERC4626, IERC20} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// OpenZeppelin's vault as it is.
contract Vault is ERC4626 {
    constructor(IERC20 asset_) ERC20("Vault", "vTKN") ERC4626(asset_) {}
}

/// Lido's accounting: shares of pooled ether, as stETH says balances and wstETH its rate (lido-dao, StETH.sol, WstETH.sol).
contract StakedEther {
    uint256 public totalShares;
    uint256 public totalPooledEther;
    mapping(address => uint256) public sharesOf;

    function submit(address holder) external payable {
        uint256 shares = totalShares == 0 ? msg.value : (msg.value * totalShares) / totalPooledEther;
        sharesOf[holder] += shares;
        totalShares += shares;
        totalPooledEther += msg.value;
    }

    function reward() external payable {
        totalPooledEther += msg.value;
    }

    function transferShares(address to, uint256 shares) external {
        sharesOf[msg.sender] -= shares;
        sharesOf[to] += shares;
    }

    function getPooledEthByShares(uint256 shares) public view returns (uint256) {
        return (shares * totalPooledEther) / totalShares;
    }

    function balanceOf(address holder) external view returns (uint256) {
        return getPooledEthByShares(sharesOf[holder]);
    }
}

contract WrappedStakedEther {
    StakedEther public immutable stETH;
    mapping(address => uint256) public balanceOf;

    constructor(StakedEther stETH_) {
        stETH = stETH_;
    }

    /// Takes ether straight in, as WstETH does by its receive function.
    function wrap(address holder) external payable {
        uint256 before = stETH.sharesOf(address(this));
        stETH.submit{value: msg.value}(address(this));
        balanceOf[holder] += stETH.sharesOf(address(this)) - before;
    }

    function getStETHByWstETH(uint256 amount) external view returns (uint256) {
        return stETH.getPooledEthByShares(amount);
    }
}

/// The views of Compound III's Comet that accounts are read by; figures are set by a test.
contract CometMarket {
    struct AssetInfo {
        uint8 offset;
        address asset;
        address priceFeed;
        uint64 scale;
        uint64 borrowCollateralFactor;
        uint64 liquidateCollateralFactor;
        uint64 liquidationFactor;
        uint128 supplyCap;
    }

    struct UserCollateral {
        uint128 balance;
        uint128 _reserved;
    }

    address public immutable baseToken;
    address[] private collaterals;
    mapping(address => uint256) public balanceOf;
    mapping(address => uint256) public borrowBalanceOf;
    mapping(address => mapping(address => UserCollateral)) public userCollateral;

    constructor(address base, address[] memory collaterals_) {
        baseToken = base;
        collaterals = collaterals_;
    }

    function set(address account, uint256 supplied, uint256 owed, address asset, uint128 collateral) external {
        balanceOf[account] = supplied;
        borrowBalanceOf[account] = owed;
        userCollateral[account][asset].balance = collateral;
    }

    function numAssets() external view returns (uint8) {
        return uint8(collaterals.length);
    }

    function getAssetInfo(uint8 i) external view returns (AssetInfo memory) {
        require(i < collaterals.length, "BadAsset()");
        return AssetInfo(i, collaterals[i], address(this), 1e18, 8e17, 85e16, 95e16, 1e24);
    }
}
