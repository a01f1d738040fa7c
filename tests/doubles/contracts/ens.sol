// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

// ENS as it is read: a registry that names resolvers, and a resolver with addresses and names.

contract EnsRegistry {
    mapping(bytes32 => address) public resolver;

    function setResolver(bytes32 node, address resolver_) external {
        resolver[node] = resolver_;
    }
}

contract EnsResolver {
    mapping(bytes32 => address) public addr;
    mapping(bytes32 => string) public name;

    function setAddr(bytes32 node, address addr_) external {
        addr[node] = addr_;
    }

    function setName(bytes32 node, string calldata name_) external {
        name[node] = name_;
    }
}
