// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// What stands behind the demo market's upgradeable proxy: each deployment has a version of its own.
contract DemoVault {
    uint256 public immutable version;
    mapping(address => uint256) public balanceOf;

    constructor(uint256 version_) {
        version = version_;
    }

    function deposit() external payable {
        balanceOf[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent, "DemoVault: not sent");
    }
}
