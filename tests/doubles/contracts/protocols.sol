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

/// The views of Compound III's Comet that accounts are read by; figures are set by a test. `isLiquidatable` is Comet's.
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
    address public immutable baseTokenPriceFeed = address(0xfeed);
    uint256 public constant baseScale = 1e6;
    address[] private collaterals;
    mapping(address => uint256) public balanceOf;
    mapping(address => uint256) public borrowBalanceOf;
    mapping(address => mapping(address => UserCollateral)) public userCollateral;
    mapping(address => uint128) private prices;

    constructor(address base, address[] memory collaterals_) {
        baseToken = base;
        collaterals = collaterals_;
    }

    function set(address account, uint256 supplied, uint256 owed, address asset, uint128 collateral) external {
        balanceOf[account] = supplied;
        borrowBalanceOf[account] = owed;
        userCollateral[account][asset].balance = collateral;
    }

    function setPrice(address feed, uint128 price) external {
        prices[feed] = price;
    }

    function getPrice(address feed) public view returns (uint128) {
        require(prices[feed] > 0, "BadPrice()");
        return prices[feed];
    }

    function numAssets() external view returns (uint8) {
        return uint8(collaterals.length);
    }

    /// The feed of a collateral is its own address.
    function getAssetInfo(uint8 i) public view returns (AssetInfo memory) {
        require(i < collaterals.length, "BadAsset()");
        return AssetInfo(i, collaterals[i], collaterals[i], i == 0 ? 1e18 : 1e8, 8e17, 85e16 + i * 1e16, 95e16, 1e24);
    }

    function isLiquidatable(address account) external view returns (bool) {
        int256 liquidity = -int256(borrowBalanceOf[account]) * int256(uint256(getPrice(baseTokenPriceFeed))) / int256(baseScale);
        for (uint8 i = 0; i < collaterals.length; i++) {
            AssetInfo memory info = getAssetInfo(i);
            uint256 held = userCollateral[account][info.asset].balance;
            if (held == 0) continue;
            uint256 worth = held * getPrice(info.priceFeed) / info.scale;
            liquidity += int256(worth * info.liquidateCollateralFactor / 1e18);
        }
        return liquidity < 0;
    }
}
